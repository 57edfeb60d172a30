import { textOf, textsOf, type DataSet } from '../dicom/data-set.js';

/** QIDO-RS study search, one page. */
export type SearchForStudies = (query: Readonly<Record<string, string>>, page: { readonly limit: number; readonly offset: number }) => Promise<readonly DataSet[]>;

const pageSize = 100;

/**
 * Study Instance UIDs of every study that matches and holds one of the modalities, each once.
 *
 * The modality is not asked for but looked at: asked for ModalitiesInStudy, Orthanc's DICOMweb plugin 1.7 gives nothing at all
 * from offset 100 on, though there is more.
 */
export async function* everyStudy(search: SearchForStudies, query: Readonly<Record<string, string>>, modalities: readonly string[]): AsyncGenerator<readonly string[]> {
  const seen = new Set<string>();
  for (let offset = 0; ; offset += pageSize) {
    const page = await search(query, { limit: pageSize, offset });
    const wanted = page.filter((study) => {
      const held = textsOf(study, 'ModalitiesInStudy');
      return held.length === 0 || held.some((one) => modalities.includes(one));
    });
    const uids = wanted.map((study) => textOf(study, 'StudyInstanceUID')).filter((uid) => uid !== undefined && !seen.has(uid)) as string[];
    for (const uid of uids) seen.add(uid);
    yield [...new Set(uids)];
    if (page.length < pageSize) return;
  }
}
