import { createHash } from 'node:crypto';
import { textOf } from '../dicom/data-set.js';
import { isUsableUid, type StudyInstanceUID } from '../dicom/uid.js';
import { mayPass } from '../errors.js';
import { route } from '../routing/match.js';
import type { Routing } from '../routing/rules.js';
import { seriesFactsOf, type Arrival } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { AnalysisRequestRow } from '../store/analysis-requests.js';
import type { ResultRow } from '../store/results.js';
import type { PacsStudies, PacsStudy, ReportJob, ResultIndex, StudyEvents, StudyToReport } from './ports.js';
import { mayBeReplaced } from './result-models.js';

/** Of a study that a person has requested: that of the most urgent rule. */
const requestedPriority = 10;

/** Whether a result only says what the routing rules say about the study: its images were not examined. */
export function isAnsweredByRules({
  outcome,
  code,
}: {
  readonly outcome?: string | undefined;
  readonly code?: string | null | undefined;
}): boolean {
  return outcome === 'skipped' && (code === 'no-rule' || code === 'ignored-by-rule');
}

/** What the index knows of a study and its current result. */
interface StudyRecord {
  readonly contentKey: string | undefined;
  readonly outcome: string | undefined;
  /** Of a skip or a fault. */
  readonly code: string | undefined;
  /** Of a fault, if it is known: faults of one code may be temporary or not. */
  readonly retryable: boolean | undefined;
  /** Content for which a failure was already tried once more. */
  readonly retriedKey: string | undefined;
  /** Series of the current result's documents: the study is complete only while the PACS contains them. */
  readonly currentSeries: readonly string[];
  /** A person has requested an analysis that has not ended yet. */
  readonly isRequested: boolean;
  readonly current: ResultRow | undefined;
}

export type Readiness =
  /** Its data were erased: it is not analysed. */
  | ErasedStudy
  /** The PACS does not contain it. */
  | { readonly state: 'deleted' }
  /** Instances still arrive. */
  | { readonly state: 'arriving' }
  /** Nothing new since the last result: our own documents arrived, or the same images were sent again. */
  | { readonly state: 'unchanged'; readonly studyInstanceUID: StudyInstanceUID; readonly hasOtherDocuments: boolean }
  | ReadyStudy;

export interface ErasedStudy {
  readonly state: 'erased';
  readonly studyInstanceUID: StudyInstanceUID;
  /** It contains series of documents that this program wrote: a job in progress stored them. */
  readonly hasOwnDocuments: boolean;
}

export interface ReadyStudy {
  readonly state: 'ready';
  readonly studyInstanceUID: StudyInstanceUID;
  readonly arrival: Arrival;
  readonly contentKey: string;
  readonly priority: number;
  /** It contains SR documents that are not those of its current result. */
  readonly hasOtherDocuments: boolean;
  /** One more attempt at what failed. */
  readonly isRetry: boolean;
  /** Nothing is new, but its result is to be replaced by one of this model version. */
  readonly reanalysisWith?: string | undefined;
}

/**
 * Checks a study from the queue, quickly: does it exist, does it contain anything new, has it stopped growing, and what priority do
 * the rules give it.
 *
 * @param reanalysisWith a model version: a study with a result by another version is then ready, too
 */
export async function checkReadiness(
  pacsStudyId: string,
  studies: Pick<PacsStudies, 'study' | 'arrivalOf'>,
  index: Pick<ResultIndex, 'studies' | 'results' | 'erasures' | 'requests'>,
  routing: Routing,
  reanalysisWith?: string,
): Promise<Readiness> {
  const study = await studies.study(pacsStudyId);
  if (!study) return { state: 'deleted' };
  const { studyInstanceUID, series } = study;
  if (await index.erasures.isErased(studyInstanceUID))
    return { state: 'erased', studyInstanceUID, hasOwnDocuments: series.some((one) => isAboutStudy(one.mainAttributes)) };
  const record = await recordOf(studyInstanceUID, index);
  const contentKey = contentKeyOf(study);
  // After a study was deleted and sent again, the PACS gives it and its images the same ids as before, but the documents are missing.
  const hasDocuments = record.currentSeries.every((uid) => series.some((one) => one.seriesInstanceUID === uid));
  // They may contain a reader's assessment, given here or in another system. The index decides which documents are ours: a system that
  // derives a document from ours may copy every attribute that the PACS indexes.
  const hasOtherDocuments = series.some(
    (one) => textOf(one.mainAttributes, 'Modality') === 'SR' && !record.currentSeries.includes(one.seriesInstanceUID),
  );
  const isSame = sameContent(record.contentKey, contentKey) && hasDocuments;
  // Only the content is compared, not the model: two services with different models would otherwise replace each other's documents
  // for ever. A failure is tried once more if it may be temporary, and not again for the same content: its document arrives as
  // something new, so two faults that alternate would never end.
  const isRetry =
    isSame && record.outcome === 'failed' && (record.retryable ?? mayPass(record.code)) && !sameContent(record.retriedKey, contentKey);
  // A person wants the images examined: what the rules or a failure have answered does not count.
  const isRepeated = record.isRequested && (isAnsweredByRules(record) || record.outcome === 'failed');
  const isReanalysis = isSame && !isRetry && reanalysisWith !== undefined && mayBeReplaced(record.current, reanalysisWith);
  if (isSame && record.outcome !== undefined && !isRetry && !isRepeated && !isReanalysis)
    return { state: 'unchanged', studyInstanceUID, hasOtherDocuments };
  if (!study.isStable) return { state: 'arriving' };
  const arrival = await studies.arrivalOf(series);
  const priority = record.isRequested ? requestedPriority : priorityOf(study, arrival, routing);
  const ready = { state: 'ready', studyInstanceUID, arrival, contentKey, priority, hasOtherDocuments, isRetry } as const;
  return isReanalysis ? { ...ready, reanalysisWith } : ready;
}

/** Before a study is reported: what was derived from earlier images is removed, and the index shows the study as queued. */
export async function recordArrival(
  pacsStudyId: string,
  { studyInstanceUID, arrival, contentKey, isRetry }: ReadyStudy,
  { studies }: Pick<ResultIndex, 'studies'>,
  events: Pick<StudyEvents, 'onStudyChanged'>,
): Promise<void> {
  if (isRetry) await studies.retrying(studyInstanceUID, contentKey);
  else {
    const before = (await studies.find(studyInstanceUID))?.contentKey;
    // A study is also reported again because its documents are missing; its images are then the same.
    if (before && !sameContent(before, contentKey)) await events.onStudyChanged(studyInstanceUID);
  }
  const { callingAeTitle, calledAeTitle } = arrival;
  await studies.seen({
    studyInstanceUID,
    orthancId: pacsStudyId,
    at: new Date(),
    ...(callingAeTitle ? { remoteAet: callingAeTitle } : {}),
    ...(calledAeTitle ? { calledAet: calledAeTitle } : {}),
  });
  await studies.setState(studyInstanceUID, 'queued');
}

export function reportJobOf(pacsStudyId: string, { studyInstanceUID, contentKey, arrival, reanalysisWith }: ReadyStudy): ReportJob {
  const { callingAeTitle, calledAeTitle } = arrival;
  return {
    pacsStudyId,
    studyInstanceUID,
    contentKey,
    ...(callingAeTitle ? { callingAeTitle } : {}),
    ...(calledAeTitle ? { calledAeTitle } : {}),
    ...(reanalysisWith === undefined ? {} : { reanalysisWith }),
  };
}

/** Whether documents of a study can be requested by its UID. */
export function mayContainAssessments(readiness: Readiness): readiness is Exclude<Readiness, { state: 'deleted' | 'arriving' | 'erased' }> {
  return 'hasOtherDocuments' in readiness && readiness.hasOtherDocuments && isUsableUid(readiness.studyInstanceUID);
}

/**
 * Whether the study has a result for the content of this job. Two jobs may exist for the same images, if the study was complete a
 * second time before the first job ended. The second would find the documents of the first; if another model was promoted in
 * between, it would replace them without a reason. The state of such a study may be `queued`: intake of the second job. A failure is not a report: a user who retries it wants another attempt.
 */
export async function isReported(
  job: ReportJob,
  studies: Pick<PacsStudies, 'study' | 'arrivalOf'>,
  index: Pick<ResultIndex, 'studies' | 'results' | 'erasures' | 'requests'>,
  routing: Routing,
): Promise<boolean> {
  const [known, current] = await Promise.all([index.studies.find(job.studyInstanceUID), index.results.currentResult(job.studyInstanceUID)]);
  return (
    current?.outcome !== 'failed' &&
    known?.contentKey === job.contentKey &&
    (await checkReadiness(job.pacsStudyId, studies, index, routing)).state === 'unchanged'
  );
}

async function recordOf(
  studyInstanceUID: StudyInstanceUID,
  { studies, results, requests }: Pick<ResultIndex, 'studies' | 'results' | 'requests'>,
): Promise<StudyRecord> {
  const [study, current, request] = await Promise.all([
    studies.find(studyInstanceUID),
    results.currentResult(studyInstanceUID),
    requests.find(studyInstanceUID),
  ]);
  return {
    contentKey: study?.contentKey ?? undefined,
    outcome: current?.outcome,
    code: current?.code ?? undefined,
    retryable: current?.retryable ?? undefined,
    retriedKey: study?.retriedKey ?? undefined,
    isRequested: request?.isOpen ?? false,
    currentSeries: current?.documents.map((document) => document.seriesInstanceUID) ?? [],
    current,
  };
}

/**
 * One key for everything in the study except our documents and assessments: it changes when an image arrives or is deleted and,
 * in its second half, where the names of the files are known, when an image is replaced under the same identifiers. The PACS
 * decides which documents are ours: documents reach it a moment before the index knows them.
 */
export function contentKeyOf({ series, fileOf }: Pick<PacsStudy, 'series' | 'fileOf'>): string {
  const ids = series
    .filter((one) => !isAboutStudy(one.mainAttributes))
    .flatMap((one) => one.instanceIds)
    .sort();
  const hash = (texts: readonly string[]): string => createHash('sha256').update(texts.join('|')).digest('hex').slice(0, 32);
  return fileOf ? `${hash(ids)}/${hash(ids.map((id) => fileOf.get(id) ?? ''))}` : hash(ids);
}

/** Whether two keys stand for the same content; a key without file names (of an earlier release, or of a quick check) is compared by identifiers. */
export function sameContent(one: string | null | undefined, other: string | null | undefined): boolean {
  if (!one || !other) return false;
  const [a, b] = [one.split('/'), other.split('/')];
  return a[0] === b[0] && (a[1] === undefined || b[1] === undefined || a[1] === b[1]);
}

/**
 * The priority of the rule that takes the study, by the few attributes that the PACS indexes. Where a rule needs more of them
 * (such as the view) the study may get priority 0; the rule itself is applied later, on all attributes.
 */
function priorityOf(study: PacsStudy, arrival: Arrival, routing: Routing): number {
  const decision = route(
    routing,
    seriesFactsOf(
      study.series.map((one) => ({ ...one.mainAttributes, SeriesInstanceUID: one.seriesInstanceUID })),
      arrival,
    ),
  );
  return decision.action === 'analyse' ? decision.rule.priority : 0;
}

/** The study of a job, and the request of a person for its analysis, open or answered, if there is one. */
export async function studyToReport(
  { studyInstanceUID, callingAeTitle, calledAeTitle, reanalysisWith }: ReportJob,
  { requests }: Pick<ResultIndex, 'requests'>,
): Promise<{ readonly study: StudyToReport; readonly request: AnalysisRequestRow | undefined }> {
  const request = await requests.find(studyInstanceUID);
  const study = { studyInstanceUID: studyInstanceUID as StudyInstanceUID, arrival: { callingAeTitle, calledAeTitle }, reanalysisWith };
  return { study: request ? { ...study, isRequested: true } : study, request };
}
