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
  /** Series of the current result's documents: the study is done only while the PACS holds them. */
  readonly currentSeries: readonly string[];
}

export interface SettleTools {
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
  | { readonly state: 'ready'; readonly studyInstanceUID: StudyInstanceUID; readonly arrival: Arrival; readonly contentKey: string; readonly priority: number; readonly othersDocuments: boolean };

/**
 * Looks at a study from the queue, quickly: is it there, does it hold anything new, has it stopped growing, and how
 * urgent do the rules make it.
 */
export async function settleStudy(pacsStudyId: string, tools: SettleTools): Promise<Settled> {
  const study = await tools.study(pacsStudyId);
  if (!study) return { state: 'gone' };
  const record = await tools.record(study.studyInstanceUID);
  const contentKey = contentKeyOf(study);
  // Not so after the study was deleted and sent again: the PACS names it and its images as before.
  const stillThere = record.currentSeries.every((uid) => study.series.some((one) => one.seriesInstanceUID === uid));
  // A verdict may be among them, of a reader here or from another system. By the index, for whoever derives a document from
  // ours may have copied every attribute that the PACS indexes.
  const othersDocuments = study.series.some((one) => textOf(one.mainAttributes, 'Modality') === 'SR' && !record.currentSeries.includes(one.seriesInstanceUID));
  const same = record.contentKey === contentKey && stillThere;
  // By its content alone: were the model asked too, two services with different models would replace each other's documents
  // for ever, each set off by the other's. A failure is tried once more only if it may have passed.
  if (same && record.outcome !== undefined && !(record.outcome === 'failed' && mayPass(record.code))) return { state: 'unchanged', studyInstanceUID: study.studyInstanceUID, othersDocuments };
  if (!study.isStable) return { state: 'arriving' };
  const arrival = await tools.arrivalOf(study);
  return { state: 'ready', studyInstanceUID: study.studyInstanceUID, arrival, contentKey, priority: priorityOf(study, arrival, tools.routing), othersDocuments };
}

/**
 * One key for everything in the study that is neither ours nor a verdict on it: it changes when an image comes or goes. The PACS says what is ours:
 * documents reach it a moment before the index knows them.
 */
export function contentKeyOf(study: Pick<PacsStudy, 'series'>): string {
  const ids = study.series.filter((one) => !isAboutStudy(one.mainAttributes)).flatMap((one) => one.instanceIds);
  return createHash('sha256').update([...ids].sort().join('|')).digest('hex').slice(0, 32);
}

/**
 * The priority of the rule that takes the study, judged by the few attributes that the PACS indexes. Where a rule asks
 * for more (the view, say) the study may go through at priority 0; the rule itself is applied later, on all attributes.
 */
function priorityOf(study: PacsStudy, arrival: Arrival, routing: Routing): number {
  const decision = route(routing, seriesFactsOf(study.series.map((one) => ({ ...one.mainAttributes, SeriesInstanceUID: one.seriesInstanceUID })), arrival));
  return decision.action === 'analyse' ? decision.rule.priority : 0;
}
