import { textOf, textsOf, type DataSet } from '../dicom/data-set.js';

/** QIDO-RS study search, one page. */
export type SearchForStudies = (
  query: Readonly<Record<string, string>>,
  page: { readonly limit: number; readonly offset: number },
) => Promise<readonly DataSet[]>;

const pageSize = 100;
/** A PACS to which studies come or from which they go meanwhile may give a page of known ones; one that ignores the offset gives nothing else. */
const maxPagesWithoutNews = 10;

/**
 * Rows of every study that matches, each study once, page by page.
 *
 * A page may be shorter than asked for (Orthanc's LimitFindResults), so the next one begins behind what came, and the end is a page
 * without rows. Rows without a UID are left out.
 */
export async function* everyStudyRow(
  search: SearchForStudies,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<readonly DataSet[]> {
  const seen = new Set<string>();
  for (let offset = 0, withoutNews = 0; withoutNews < maxPagesWithoutNews; ) {
    const page = await search(query, { limit: pageSize, offset });
    if (page.length === 0) return;
    const fresh = page.filter((study) => {
      const uid = textOf(study, 'StudyInstanceUID');
      if (uid === undefined || seen.has(uid)) return false;
      seen.add(uid);
      return true;
    });
    withoutNews = fresh.length > 0 ? 0 : withoutNews + 1;
    if (fresh.length > 0) yield fresh;
    offset += page.length;
  }
}

/**
 * Study Instance UIDs of every study that matches and holds one of the modalities, each once.
 *
 * The modality is not asked for but looked at: asked for ModalitiesInStudy, Orthanc's DICOMweb plugin 1.7 gives nothing at all
 * from offset 100 on, though there is more.
 */
export async function* everyStudy(
  search: SearchForStudies,
  query: Readonly<Record<string, string>>,
  modalities: readonly string[],
): AsyncGenerator<readonly string[]> {
  for await (const rows of everyStudyRow(search, query)) {
    const wanted = rows.filter((study) => {
      const held = textsOf(study, 'ModalitiesInStudy');
      return held.length === 0 || held.some((one) => modalities.includes(one));
    });
    yield wanted.map((study) => textOf(study, 'StudyInstanceUID')!);
  }
}
