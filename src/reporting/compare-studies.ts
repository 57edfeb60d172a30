import type { Log } from '../log.js';
import type { PacsSeries, PacsStudies, StudyEvents, StudyQueue } from './ports.js';
import { contentKeyOf, sameContent } from './study-intake.js';

/** What the index contains of a study that the PACS has to contain too. */
export interface KnownStudy {
  readonly studyInstanceUID: string;
  readonly pacsStudyId: string;
  /** Of the images of its current result; absent where the index has readers' assessments only. */
  readonly contentKey?: string | undefined;
  /** Series of the documents of its current result. */
  readonly documentSeries: readonly string[];
  /** Series of the readers' assessments on it, one entry for each assessment. */
  readonly assessmentSeries: readonly string[];
}

/** What happens to studies that differ between the index and the PACS. */
export interface CompareActions {
  readonly queue: Pick<StudyQueue, 'intake'>;
  readonly events: Pick<StudyEvents, 'onOtherDocuments'>;
  /** The PACS no longer contains the study. */
  remove(studyInstanceUID: string): Promise<void>;
}

/** How many studies differ. */
export interface Differences {
  readonly deleted: number;
  readonly changed: number;
}

/**
 * Compares the index with the PACS. Orthanc's change log does not report deletions (it only loses the lines of what was deleted), so
 * whether the PACS still contains what results are about has to be looked up.
 */
export async function compareStudies(
  known: readonly KnownStudy[],
  studies: Pick<PacsStudies, 'seriesOfStudies' | 'findStudies'>,
  actions: CompareActions,
  log: Log,
): Promise<Differences> {
  if (known.length === 0) return { deleted: 0, changed: 0 };
  const found = await studies.seriesOfStudies(known.map((one) => one.pacsStudyId));
  const differences = { deleted: 0, changed: 0 };
  for (const study of known) {
    const series = found.get(study.pacsStudyId);
    const difference = series ? await compareFound(study, series, actions) : await compareMissing(study, studies, actions);
    if (difference) differences[difference]++;
  }
  if (differences.deleted + differences.changed > 0) log.info('studies changed in the PACS', { ...differences });
  return differences;
}

/** Deleted, or under another id: a study gets a new one when its Patient ID is corrected. */
async function compareMissing(
  { studyInstanceUID }: KnownStudy,
  studies: Pick<PacsStudies, 'findStudies'>,
  { queue, remove }: CompareActions,
): Promise<keyof Differences | undefined> {
  const [pacsStudyId, ...others] = await studies.findStudies(studyInstanceUID);
  if (pacsStudyId === undefined) {
    await remove(studyInstanceUID);
    return 'deleted';
  }
  if (others.length > 0) return undefined;
  await queue.intake({ pacsStudyId });
  return 'changed';
}

async function compareFound(
  study: KnownStudy,
  series: readonly PacsSeries[],
  { queue, events }: CompareActions,
): Promise<keyof Differences | undefined> {
  const instanceCounts = new Map(series.map((one) => [one.seriesInstanceUID, one.instanceIds.length]));
  const isComplete = study.documentSeries.every((uid) => instanceCounts.has(uid));
  const isChanged = study.contentKey !== undefined && !(isComplete && sameContent(study.contentKey, contentKeyOf({ series })));
  if (isChanged) await queue.intake({ pacsStudyId: study.pacsStudyId });
  const expected = new Map<string, number>();
  for (const uid of study.assessmentSeries) expected.set(uid, (expected.get(uid) ?? 0) + 1);
  if ([...expected].some(([uid, count]) => count > (instanceCounts.get(uid) ?? 0))) await events.onOtherDocuments(study.studyInstanceUID);
  return isChanged ? 'changed' : undefined;
}
