import type { DataSet } from '../dicom/data-set.js';
import type { DicomWeb } from '../dicomweb/client.js';
import type { OrthancClient } from '../orthanc/client.js';
import { endsTooEarly } from '../orthanc/search-reach.js';
import type { SearchForStudies } from './every-study.js';

const listedAtOnce = 500;

interface SearchedPacs {
  readonly dicomWeb: Pick<DicomWeb, 'searchForStudies'>;
  readonly orthanc: Pick<OrthancClient, 'countStudies' | 'listStudies'>;
}

/**
 * A search that reaches every study, for everyStudy: QIDO-RS, or Orthanc's own list of studies where QIDO-RS ends too early.
 *
 * Orthanc 1.10 gives at most LimitFindResults + 1 rows of a search in all, whatever the offset (tried); 1.12 limits each page to that number.
 * Rows of the list have no ModalitiesInStudy. Of a query the list knows the Study Date alone: a day, or a
 * range of which one end may be absent (PS3.4 §C.2.2.2.5.1).
 */
export function studySearch(pacs: SearchedPacs): SearchForStudies {
  let listed: Promise<readonly DataSet[]> | undefined;
  return async (query, page) => {
    if (page.offset === 0) listed = (await endsTooEarly(pacs)) ? listStudies(pacs, query) : undefined;
    return listed ? (await listed).slice(page.offset, page.offset + page.limit) : pacs.dicomWeb.searchForStudies(query, page);
  };
}

async function listStudies({ orthanc }: SearchedPacs, query: Readonly<Record<string, string>>): Promise<readonly DataSet[]> {
  const isInRange = studyDateRange(query['StudyDate'] ?? '');
  const rows: DataSet[] = [];
  for (let since = 0; ; ) {
    const page = await orthanc.listStudies(since, listedAtOnce);
    if (page.length === 0) return rows;
    rows.push(
      ...page
        .filter((one) => isInRange(one.studyDate))
        .map((one) => ({ StudyInstanceUID: one.studyInstanceUID, StudyDate: one.studyDate })),
    );
    since += page.length;
  }
}

function studyDateRange(text: string): (studyDate: string) => boolean {
  const [, from = '', to = from] = /^(\d{8})?(?:-(\d{8})?)?$/.exec(text) ?? [];
  const last = text.endsWith('-') || text === '' ? '' : to;
  return (studyDate) => studyDate >= from && (last === '' || studyDate <= last);
}
