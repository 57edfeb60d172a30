import { Fault } from '../errors.js';

/** No study has this UID: searching for it costs the PACS nothing and shows whether it serves DICOMweb. */
const noStudy = '2.25.0';

/** @throws Fault `pacs-unreachable` if Orthanc serves no DICOMweb at the configured path, and what the search throws */
export async function checkDicomWeb(dicomWeb: {
  searchForStudies(query: Readonly<Record<string, string>>, page: { readonly limit: number }): Promise<unknown>;
}): Promise<void> {
  try {
    await dicomWeb.searchForStudies({ StudyInstanceUID: noStudy }, { limit: 1 });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'pacs-not-found') throw error;
    throw new Fault(
      'pacs-unreachable',
      'Orthanc serves no DICOMweb at orthanc.dicomWebPath; load its DICOMweb plugin, or correct the path',
      {},
      { cause: error },
    );
  }
}
