import { textOf, textsOf, type DataSet } from '../../dicom/data-set.js';
import { isUsableUid } from '../../dicom/uid.js';
import { analysedModalities } from '../../reporting/sweep-pacs.js';
import type { Store } from '../../store/store.js';
import type { PagePacs } from './study-in-pacs.js';

export interface SearchedWorklist {
  readonly studyPrefix?: string;
  readonly studies?: readonly string[];
  /** Of the studies that the PACS finds, those with images that can be analysed and without a result. */
  readonly withoutResult: readonly string[];
}

const maxFound = 100;
/** A complete UID; the search field sends the beginning of one while it is typed. */
const minUidLength = 12;

/** By UID in the index and the PACS; anything else is an identifier that only the PACS knows. */
export async function searchWorklist(
  search: string,
  { dicomWeb }: Pick<PagePacs, 'dicomWeb'>,
  results: Pick<Store['results'], 'withoutResult'>,
): Promise<SearchedWorklist> {
  const withoutResult = (found: readonly DataSet[]): Promise<readonly string[]> =>
    results.withoutResult([...new Set(found.filter(isAnalysable).map(uidOf))].filter(isUsableUid));
  if (/^[0-9]+\.[0-9.]*$/.test(search)) {
    const isComplete = search.length >= minUidLength && !search.endsWith('.');
    const found = isComplete ? await dicomWeb.searchForStudies({ StudyInstanceUID: search }, { limit: 1 }) : [];
    return { studyPrefix: search, withoutResult: await withoutResult(found.filter((one) => uidOf(one) === search)) };
  }
  const text = search.replace(/[\\*?]/g, '').trim();
  // An empty value matches every study (PS3.4 §C.2.2.2.3): the search names none.
  if (text === '') return { studies: [], withoutResult: [] };
  const queries = [{ PatientID: text }, { AccessionNumber: text }, { PatientName: `${text}*` }];
  const found = (await Promise.all(queries.map((query) => dicomWeb.searchForStudies(query, { limit: maxFound })))).flat();
  return { studies: [...new Set(found.map(uidOf))], withoutResult: await withoutResult(found) };
}

function uidOf(study: DataSet): string {
  return textOf(study, 'StudyInstanceUID') ?? '';
}

/** Where the answer does not state the modalities, the study may contain images. */
function isAnalysable(study: DataSet): boolean {
  const inStudy = textsOf(study, 'ModalitiesInStudy');
  return inStudy.length === 0 || inStudy.some((one) => analysedModalities.includes(one));
}
