import type { CodedConcept } from '../dicom/code.js';
import type { RoutingRule } from '../routing/rules.js';
import type { ReportOutcome } from '../sr/report-content.js';
import type { ServedModel } from '../serving/model.js';
import type { Analysis } from './analysis.js';
import type { ComposedDocuments } from './compose-documents.js';
import { documentUids } from './document-identity.js';
import { algorithmParametersOf } from './own-documents.js';
import type { ReportSettings, ResultDocument, ResultFinding, StudyResult, StudyToReport } from './ports.js';
import type { ReportContext } from './report-context.js';
import type { Skip } from './skip.js';

/** What differs between the results of one study. */
export interface ResultParts {
  readonly resultId: string;
  readonly outcome: ReportOutcome;
  readonly engineName: string;
  readonly findings: readonly ResultFinding[];
  readonly documents: readonly ResultDocument[];
  readonly createdAt: Date;
  readonly statistics?: StudyResult['statistics'] | undefined;
}

export function resultOf(context: ReportContext, parts: ResultParts, settings: Pick<ReportSettings, 'routing'>): StudyResult {
  const { study, rule, model, inputKey, watch } = context;
  const { resultId, outcome, engineName, findings, documents, createdAt, statistics } = parts;
  return {
    resultId,
    studyInstanceUID: study.studyInstanceUID,
    createdAt,
    outcome: outcome.kind,
    code: outcome.kind === 'reported' ? undefined : outcome.code,
    reason: outcome.kind === 'reported' ? undefined : outcome.reason,
    rule: rule?.name,
    priority: rule?.priority ?? 0,
    modelVersion: model.version,
    engine: engineName,
    inputKey,
    findings,
    documents,
    destinations: (rule ?? ruleOfEarlierResult(context, settings))?.destinations ?? [],
    timings: watch.milliseconds,
    ...(statistics ? { statistics } : {}),
  };
}

/** The result that documents state which were composed and stored now. */
export function newResult(
  context: ReportContext,
  { resultId, content, engineName }: ComposedDocuments,
  stored: readonly ResultDocument[],
  { statistics }: Pick<Analysis, 'statistics'>,
  settings: Pick<ReportSettings, 'routing'>,
): StudyResult {
  const findings = content.findings.map(({ name, concept, probability, decision }) => ({
    name,
    ...codeOf(concept),
    probability,
    decision,
  }));
  const { outcome, createdAt } = content;
  return resultOf(context, { resultId, outcome, engineName, findings, documents: stored, createdAt, statistics }, settings);
}

/** The result of a study that the rules skip and in which no earlier document has to be replaced. */
export function skipWithoutDocument({ study, rule, inputKey, model, watch }: ReportContext, skip: Skip, createdAt: Date): StudyResult {
  const timings = watch.milliseconds;
  return resultWithoutDocument({ study, outcome: 'skipped', why: skip, rule, inputKey, model, createdAt, timings });
}

/** The destinations that received the earlier result also receive the one that replaces it. */
function ruleOfEarlierResult({ own }: ReportContext, { routing }: Pick<ReportSettings, 'routing'>): RoutingRule | undefined {
  const names = own.current.map(({ report }) => algorithmParametersOf(report.algorithm).rule);
  return routing.rules.find(({ name }) => names.includes(name));
}

/** A result that exists in the index only: a study that no rule takes, or a failure for which no document can be written. */
export interface BareResult {
  readonly study: StudyToReport;
  readonly outcome: 'skipped' | 'failed';
  readonly why: { readonly code: string; readonly reason: string };
  /** Of a failure. */
  readonly retryable?: boolean | undefined;
  readonly rule?: RoutingRule | undefined;
  readonly inputKey: string;
  readonly model: ServedModel;
  readonly createdAt: Date;
  readonly timings?: Readonly<Record<string, number>>;
}

export function resultWithoutDocument(bare: BareResult): StudyResult {
  const { study, outcome, why, retryable, rule, inputKey, model, createdAt, timings = {} } = bare;
  const { studyInstanceUID } = study;
  const { resultId } = documentUids({
    studyInstanceUID,
    outcome: `${outcome}/${why.code}`,
    inputKey,
    deviceUID: model.deviceUID,
    predecessors: [],
  });
  return {
    resultId,
    studyInstanceUID,
    createdAt,
    outcome,
    code: why.code,
    reason: why.reason,
    retryable,
    rule: rule?.name,
    priority: rule?.priority ?? 0,
    modelVersion: model.version,
    engine: model.engine.name,
    inputKey,
    findings: [],
    documents: [],
    destinations: [],
    timings,
  };
}

export function codeOf({ value, scheme, meaning }: CodedConcept): Pick<ResultFinding, 'code' | 'scheme' | 'meaning'> {
  return { code: value, scheme, meaning };
}
