import { createHash } from 'node:crypto';
import { textOf, type DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { mayPass } from '../errors.js';
import { route } from '../routing/match.js';
import type { Routing } from '../routing/rules.js';
import { seriesFactsOf, type Arrival } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';

/** A study as the PACS's own interface shows it: little, but at once. */
export interface PacsStudy {
  readonly studyInstanceUID: StudyInstanceUID;
  /** No instance came for the PACS's stable age. */
  readonly isStable: boolean;
  readonly series: readonly PacsSeries[];
  /** Name of the stored file by the PACS's own id of the instance; absent where nobody asked for it. */
  readonly fileOf?: ReadonlyMap<string, string> | undefined;
}

export interface PacsSeries {
  readonly seriesInstanceUID: string;
  readonly instanceIds: readonly string[];
  /** What the PACS indexes of study and series. */
  readonly mainAttributes: DataSet;
}

/** What the index knows of a study. */
export interface StudyRecord {
  readonly contentKey: string | undefined;
  readonly outcome: string | undefined;
  /** Of a skip or a fault. */
  readonly code: string | undefined;
  /** Of a fault, if it is known: the same code may pass or not. */
  readonly retryable: boolean | undefined;
  /** Content for which a failure was tried once more already. */
  readonly retriedKey: string | undefined;
  /** Series of the current result's documents: the study is done only while the PACS holds them. */
  readonly currentSeries: readonly string[];
}

export interface IntakePorts {
  /** undefined when the study is gone. */
  study(pacsStudyId: string): Promise<PacsStudy | undefined>;
  arrivalOf(study: PacsStudy): Promise<Arrival>;
  record(studyInstanceUID: StudyInstanceUID): Promise<StudyRecord>;
  readonly routing: Routing;
}

export type Settled =
  | { readonly state: 'gone' }
  | { readonly state: 'arriving' }
  /** Nothing new since the last result: our own documents arriving, or the same images sent again. */
  | { readonly state: 'unchanged'; readonly studyInstanceUID: StudyInstanceUID; readonly othersDocuments: boolean }
  | {
      readonly state: 'ready';
      readonly studyInstanceUID: StudyInstanceUID;
      readonly arrival: Arrival;
      readonly contentKey: string;
      readonly priority: number;
      readonly othersDocuments: boolean /** One more attempt at what failed. */;
      readonly isRetry: boolean;
    };

/**
 * Looks at a study from the queue, quickly: is it there, does it hold anything new, has it stopped growing, and how
 * urgent do the rules make it.
 */
export async function checkReadiness(pacsStudyId: string, tools: IntakePorts): Promise<Settled> {
  const study = await tools.study(pacsStudyId);
  if (!study) return { state: 'gone' };
  const record = await tools.record(study.studyInstanceUID);
  const contentKey = contentKeyOf(study);
  // Not so after the study was deleted and sent again: the PACS names it and its images as before.
  const stillThere = record.currentSeries.every((uid) => study.series.some((one) => one.seriesInstanceUID === uid));
  // An assessment may be among them, of a reader here or from another system. By the index, for whoever derives a document from
  // ours may have copied every attribute that the PACS indexes.
  const othersDocuments = study.series.some(
    (one) => textOf(one.mainAttributes, 'Modality') === 'SR' && !record.currentSeries.includes(one.seriesInstanceUID),
  );
  const same = sameContent(record.contentKey, contentKey) && stillThere;
  // By its content alone: were the model asked too, two services with different models would replace each other's documents
  // for ever, each set off by the other's. A failure is tried once more if it may have passed, and no oftener: its document
  // arrives as something new, so two faults that take turns would never end.
  const isRetry =
    same && record.outcome === 'failed' && (record.retryable ?? mayPass(record.code)) && !sameContent(record.retriedKey, contentKey);
  if (same && record.outcome !== undefined && !isRetry)
    return { state: 'unchanged', studyInstanceUID: study.studyInstanceUID, othersDocuments };
  if (!study.isStable) return { state: 'arriving' };
  const arrival = await tools.arrivalOf(study);
  return {
    state: 'ready',
    studyInstanceUID: study.studyInstanceUID,
    arrival,
    contentKey,
    priority: priorityOf(study, arrival, tools.routing),
    othersDocuments,
    isRetry,
  };
}

/**
 * One key for everything in the study that is neither ours nor an assessment on it: it changes when an image comes or goes, and in
 * its second half, where the names of the files are known, when one is replaced under the same identifiers. The PACS says what
 * is ours: documents reach it a moment before the index knows them.
 */
export function contentKeyOf({ series, fileOf }: Pick<PacsStudy, 'series' | 'fileOf'>): string {
  const ids = series
    .filter((one) => !isAboutStudy(one.mainAttributes))
    .flatMap((one) => one.instanceIds)
    .sort();
  const hash = (texts: readonly string[]): string => createHash('sha256').update(texts.join('|')).digest('hex').slice(0, 32);
  return fileOf ? `${hash(ids)}/${hash(ids.map((id) => fileOf.get(id) ?? ''))}` : hash(ids);
}

/** Whether two keys stand for the same content; one without names of files (of an earlier release, or of a quick look) is compared by identifiers. */
export function sameContent(one: string | null | undefined, other: string | null | undefined): boolean {
  if (!one || !other) return false;
  const [a, b] = [one.split('/'), other.split('/')];
  return a[0] === b[0] && (a[1] === undefined || b[1] === undefined || a[1] === b[1]);
}

/**
 * The priority of the rule that takes the study, judged by the few attributes that the PACS indexes. Where a rule asks
 * for more (the view, say) the study may go through at priority 0; the rule itself is applied later, on all attributes.
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
