import { textOf, textsOf, type DataSet } from '../dicom/data-set.js';

/** QIDO-RS study search, one page. */
export type SearchForStudies = (
  query: Readonly<Record<string, string>>,
  page: { readonly limit: number; readonly offset: number },
) => Promise<readonly DataSet[]>;

const pageSize = 100;
/** A page may repeat known studies if studies arrive or are deleted meanwhile; a PACS that ignores the offset repeats them for ever. */
const maxPagesWithoutNewStudies = 10;

/**
 * Rows of every study that matches, each study once, page by page.
 *
 * A page may be shorter than its limit (Orthanc's LimitFindResults), so the next one begins behind the rows that came, and the end is
 * a page without rows. Rows without a UID are left out.
 */
export async function* everyStudyRow(
  search: SearchForStudies,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<readonly DataSet[]> {
  const seen = new Set<string>();
  for (let offset = 0, withoutNewStudies = 0; withoutNewStudies < maxPagesWithoutNewStudies; ) {
    const page = await search(query, { limit: pageSize, offset });
    if (page.length === 0) return;
    const fresh = page.filter((study) => {
      const uid = textOf(study, 'StudyInstanceUID');
      if (uid === undefined || seen.has(uid)) return false;
      seen.add(uid);
      return true;
    });
    withoutNewStudies = fresh.length > 0 ? 0 : withoutNewStudies + 1;
    if (fresh.length > 0) yield fresh;
    offset += page.length;
  }
}

/**
 * Study Instance UIDs of every study that matches and contains one of the modalities, each once.
 *
 * The modality is compared here and not part of the query: with ModalitiesInStudy in the query, Orthanc's DICOMweb plugin 1.7 returns
 * nothing from offset 100 on, though there is more.
 */
export async function* everyStudy(
  search: SearchForStudies,
  query: Readonly<Record<string, string>>,
  modalities: readonly string[],
): AsyncGenerator<readonly string[]> {
  for await (const rows of everyStudyRow(search, query)) {
    const wanted = rows.filter((study) => {
      const inStudy = textsOf(study, 'ModalitiesInStudy');
      return inStudy.length === 0 || inStudy.some((one) => modalities.includes(one));
    });
    yield wanted.map((study) => textOf(study, 'StudyInstanceUID')!);
  }
}
