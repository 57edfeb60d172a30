import type { DicomWeb } from '../dicomweb/client.js';
import { checkDicomWeb } from '../dicomweb/check-dicom-web.js';
import { Fault } from '../errors.js';
import type { OrthancClient } from '../orthanc/client.js';
import { pacsContentOf } from './pacs-content.js';
import type { Pacs } from './ports.js';

/** Orthanc as the stories need it: DICOMweb, and its own REST API where that is given. */
export function pacsOf(dicomWeb: DicomWeb, orthanc?: OrthancClient, isErased?: Pacs['isErased']): Pacs {
  return {
    retrieveStudyMetadata: (study) => found(dicomWeb, () => dicomWeb.retrieveStudyMetadata(study)),
    retrieveInstance: (study, series, instance) => found(dicomWeb, () => dicomWeb.retrieveInstance(study, series, instance)),
    storeInstances: async (files) => void (await dicomWeb.storeInstances(files)),
    ...(orthanc ? { content: pacsContentOf(orthanc) } : {}),
    ...(isErased ? { isErased } : {}),
  };
}

/** A study that is not found while the DICOMweb plugin is missing was not deleted: the work waits until the plugin is loaded again. */
async function found<T>(dicomWeb: DicomWeb, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Fault && error.code === 'pacs-not-found') await checkDicomWeb(dicomWeb);
    throw error;
  }
}
