import type { Log } from '../log.js';
import { contentKeyOf, sameContent, type PacsSeries } from './study-intake.js';

/** What the index has of a study that the PACS must still hold. */
export interface KnownStudy {
  readonly studyInstanceUID: string;
  readonly pacsStudyId: string;
  /** Of the images that its current result is about; absent where it has assessments of readers only. */
  readonly contentKey?: string | undefined;
  /** Series of the documents of its current result. */
  readonly documentSeries: readonly string[];
  /** Series of the readers' assessments on it, once for each assessment. */
  readonly assessmentSeries: readonly string[];
}

export interface CompareTools {
  /** By the PACS's own id; a study that is gone, or has another id since, is left out. */
  seriesOfStudies(pacsStudyIds: readonly string[]): Promise<ReadonlyMap<string, readonly PacsSeries[]>>;
  /** The PACS's own ids of the studies of this Study Instance UID. */
  findStudies(studyInstanceUID: string): Promise<readonly string[]>;
  /** Its images changed, or its documents are missing. */
  enqueueStudy(pacsStudyId: string): Promise<void>;
  /** An assessment on it is missing. */
  enqueueVerdicts(studyInstanceUID: string): Promise<void>;
  /** The PACS does not hold it any more. */
  forget(studyInstanceUID: string): Promise<void>;
  readonly log: Log;
}

/** What was found to differ. */
export interface Differences {
  readonly gone: number;
  readonly changed: number;
}

/**
 * Whether the PACS still holds what results are about. Orthanc's change log does not tell what is deleted (it only loses the
 * lines of what is gone), so the index is held against the PACS.
 */
export async function compareStudies(known: readonly KnownStudy[], tools: CompareTools): Promise<Differences> {
  if (known.length === 0) return { gone: 0, changed: 0 };
  const held = await tools.seriesOfStudies(known.map((one) => one.pacsStudyId));
  const differences = { gone: 0, changed: 0 };
  for (const study of known) {
    const series = held.get(study.pacsStudyId);
    if (series === undefined) await compareMissing(study, tools, differences);
    else await compareHeld(study, series, tools, differences);
  }
  if (differences.gone + differences.changed > 0) tools.log.info('studies changed in the PACS', { ...differences });
  return differences;
}

/** Gone, or under another id: a study gets one when its Patient ID is corrected. */
async function compareMissing(
  { studyInstanceUID }: KnownStudy,
  tools: CompareTools,
  differences: { gone: number; changed: number },
): Promise<void> {
  const [id, ...twins] = await tools.findStudies(studyInstanceUID);
  if (id === undefined) {
    await tools.forget(studyInstanceUID);
    differences.gone++;
  } else if (twins.length === 0) {
    await tools.enqueueStudy(id);
    differences.changed++;
  }
}

async function compareHeld(
  study: KnownStudy,
  series: readonly PacsSeries[],
  tools: CompareTools,
  differences: { gone: number; changed: number },
): Promise<void> {
  const there = new Map(series.map((one) => [one.seriesInstanceUID, one.instanceIds.length]));
  const isWhole = study.documentSeries.every((uid) => there.has(uid));
  if (study.contentKey !== undefined && !(isWhole && sameContent(study.contentKey, contentKeyOf({ series })))) {
    await tools.enqueueStudy(study.pacsStudyId);
    differences.changed++;
  }
  const counts = new Map<string, number>();
  for (const uid of study.assessmentSeries) counts.set(uid, (counts.get(uid) ?? 0) + 1);
  if ([...counts].some(([uid, count]) => count > (there.get(uid) ?? 0))) await tools.enqueueVerdicts(study.studyInstanceUID);
}
