import { textOf, textsOf } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { everyStudyRow, type SearchForStudies } from '../reporting/every-study.js';
import type { ImageKind } from '../serving/model.js';

const modalitiesOf: Readonly<Record<ImageKind, readonly string[]>> = { xray: ['CR', 'DX'], ct: ['CT'] };
/** The search begins with the studies of the last days and reaches further back until it has found enough; undefined: all. */
const windowsInDays = [7, 30, 180, 720, undefined];
const dayMs = 86_400_000;

/**
 * Study Instance UIDs of a kind, newest Study Date first. A PACS does not sort its answers: the narrowest of some windows of time
 * that has enough studies is sorted here.
 *
 * @param wanted how many are wanted at least; fewer only if the PACS has no more
 */
export async function newestStudies(
  search: SearchForStudies,
  kind: ImageKind,
  wanted: number,
  now: Date,
): Promise<readonly StudyInstanceUID[]> {
  let found: readonly { readonly uid: StudyInstanceUID; readonly at: string }[] = [];
  for (const days of windowsInDays) {
    found = await studiesSince(search, kind, days === undefined ? undefined : new Date(now.getTime() - days * dayMs));
    if (found.length >= wanted) break;
  }
  return [...found].sort((one, other) => (one.at === other.at ? 0 : one.at < other.at ? 1 : -1)).map(({ uid }) => uid);
}

async function studiesSince(
  search: SearchForStudies,
  kind: ImageKind,
  since: Date | undefined,
): Promise<readonly { readonly uid: StudyInstanceUID; readonly at: string }[]> {
  const query: Readonly<Record<string, string>> = since ? { StudyDate: `${dicomDate(since)}-` } : {};
  const found: { readonly uid: StudyInstanceUID; readonly at: string }[] = [];
  for await (const rows of everyStudyRow(search, query))
    for (const row of rows) {
      const modalities = textsOf(row, 'ModalitiesInStudy');
      // Rows of Orthanc's own list do not name the modalities: such a study is looked at.
      if (modalities.length > 0 && !modalities.some((one) => modalitiesOf[kind].includes(one))) continue;
      found.push({
        uid: textOf(row, 'StudyInstanceUID') as StudyInstanceUID,
        at: `${textOf(row, 'StudyDate') ?? ''}${textOf(row, 'StudyTime') ?? ''}`,
      });
    }
  return found;
}

/** DA (PS3.5 §6.2): YYYYMMDD. */
function dicomDate(date: Date): string {
  return `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`;
}
