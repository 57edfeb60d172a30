import type { CodedConcept } from '../dicom/code.js';
import type { RoutingRule } from '../routing/rules.js';
import type { ReportedFinding, ReportOutcome } from '../sr/report-content.js';
import { probabilityPercent } from '../sr/wording.js';
import type { ServedModel } from '../serving/model.js';
import type { Analysis } from './analysis.js';
import type { ComposedDocuments } from './compose-documents.js';
import { documentUids } from './document-identity.js';
import { algorithmParametersOf } from './own-documents.js';
import type { ModelStatistics, ReportSettings, ResultDocument, ResultFinding, StudyResult, StudyToReport } from './ports.js';
import type { ReportContext } from './report-context.js';
import type { Skip } from './skip.js';
import { triageOf } from './triage-of.js';
import type { NewTriage } from '../store/place-in-worklist.js';

/** What differs between the results of one study. */
export interface ResultParts {
  readonly resultId: string;
  readonly outcome: ReportOutcome;
  /** Of the first model. */
  readonly modelVersion: string;
  readonly engineName: string;
  readonly findings: readonly ResultFinding[];
  readonly otherFindings?: readonly ResultFinding[] | undefined;
  readonly documents: readonly ResultDocument[];
  readonly createdAt: Date;
  readonly statistics?: readonly ModelStatistics[];
}

/** What a result needs of the settings. */
export type ResultSettings = Pick<ReportSettings, 'routing' | 'triage' | 'findingsOff'>;

export function resultOf(context: ReportContext, parts: ResultParts, settings: ResultSettings, now: Date = parts.createdAt): StudyResult {
  const { study, rule, inputKey, watch } = context;
  const { resultId, outcome, modelVersion, engineName, findings, otherFindings = [], documents, createdAt, statistics = [] } = parts;
  const triage = triageIn(context, findings, settings, now);
  return {
    resultId,
    studyInstanceUID: study.studyInstanceUID,
    createdAt,
    outcome: outcome.kind,
    code: outcome.kind === 'reported' ? undefined : outcome.code,
    reason: outcome.kind === 'reported' ? undefined : outcome.reason,
    rule: rule?.name,
    priority: rule?.priority ?? 0,
    modelVersion,
    engine: engineName,
    inputKey,
    findings,
    ...(otherFindings.length > 0 ? { otherFindings } : {}),
    documents,
    destinations: (rule ?? ruleOfEarlierResult(context, settings))?.destinations ?? [],
    timings: watch.milliseconds,
    ...(statistics.length > 0 ? { statistics } : {}),
    ...(triage ? { triage } : {}),
    ...(study.reanalysisWith === undefined ? {} : { isReanalysis: true }),
  };
}

function triageIn(
  { rule, instances, study: { arrival, isRequested } }: ReportContext,
  findings: readonly ResultFinding[],
  settings: ResultSettings,
  now: Date,
): NewTriage | undefined {
  return triageOf({ findings, priority: rule?.priority ?? 0, rule, isRequested, instances, arrival }, settings, now);
}

/** The result that documents state which were composed and stored now. */
export function newResult(
  context: ReportContext,
  { resultId, content, engineName }: ComposedDocuments,
  stored: readonly ResultDocument[],
  analysis: Pick<Analysis, 'statistics' | 'byModel' | 'findings'>,
  settings: ResultSettings,
): StudyResult {
  const { outcome, createdAt, algorithm, otherAlgorithms = [] } = content;
  const indexed = (finding: ReportedFinding): ResultFinding => ({
    name: finding.name,
    ...codeOf(finding.concept),
    // As the documents state it, so that every page and message has the same figure, also after the index is rebuilt from them.
    probability: Number((Number(probabilityPercent(finding)) / 100).toPrecision(12)),
    decision: finding.decision,
    modelVersion: (otherAlgorithms.find((one) => one.deviceUID === finding.deviceUID) ?? algorithm).serialNumber,
  });
  const parts: ResultParts = {
    resultId,
    outcome,
    modelVersion: algorithm.serialNumber,
    engineName,
    findings: content.findings.filter(({ overruledBy }) => overruledBy === undefined).map(indexed),
    otherFindings: content.findings.filter(({ overruledBy }) => overruledBy !== undefined).map(indexed),
    documents: stored,
    createdAt,
    statistics: statisticsOf(context, analysis),
  };
  return resultOf(context, parts, settings);
}

/** What each model has seen of the study, for drift checks of its line. A study that is analysed again does not arrive now. */
function statisticsOf(context: ReportContext, analysis: Pick<Analysis, 'statistics' | 'byModel' | 'findings'>): readonly ModelStatistics[] {
  if (context.study.reanalysisWith !== undefined) return [];
  const parts = analysis.byModel ?? [{ line: context.line, model: context.model, analysis }];
  return parts.flatMap(({ line, model, analysis: { statistics, findings } }) =>
    statistics
      ? [
          {
            ...statistics,
            line,
            modelVersion: model.version,
            decisions: Object.fromEntries(findings.map(({ name, decision }) => [name, decision])),
          },
        ]
      : [],
  );
}

/** The result of a study that the rules skip and in which no earlier document has to be replaced. */
export function skipWithoutDocument(context: ReportContext, skip: Skip, settings: ResultSettings, createdAt: Date): StudyResult {
  const { study, rule, inputKey, model, watch } = context;
  const timings = watch.milliseconds;
  const triage = triageIn(context, [], settings, createdAt);
  return resultWithoutDocument({ study, outcome: 'skipped', why: skip, rule, inputKey, model, createdAt, timings, triage });
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
  readonly triage?: NewTriage | undefined;
}

export function resultWithoutDocument(bare: BareResult): StudyResult {
  const { study, outcome, why, retryable, rule, inputKey, model, createdAt, timings = {}, triage } = bare;
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
    ...(triage ? { triage } : {}),
    ...(study.reanalysisWith === undefined ? {} : { isReanalysis: true }),
  };
}

export function codeOf({ value, scheme, meaning }: CodedConcept): Pick<ResultFinding, 'code' | 'scheme' | 'meaning'> {
  return { code: value, scheme, meaning };
}
