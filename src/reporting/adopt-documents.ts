import type { ReportOutcome } from '../sr/report-content.js';
import { documentUids } from './document-identity.js';
import { findingsIn } from './findings-in-report.js';
import { algorithmParametersOf, deviceUIDsIn, isSameHeatMap, isSameResult, type OwnDocument } from './own-documents.js';
import { outcomeName } from './outcome-name.js';
import { currentReports } from './report-again.js';
import type { ReportSettings, StudyResult } from './ports.js';
import type { ReportContext } from './report-context.js';
import type { Skip } from './skip.js';
import { isAnsweredByRules } from './study-intake.js';
import { resultOf, type ResultSettings } from './study-result.js';

/** A current text report in the PACS and the key by which it names its input: today's, or that of releases before 0.3. */
export interface ExistingReport {
  readonly document: OwnDocument;
  readonly inputKey: string;
}

/**
 * The current text report of this model version on these images, if the PACS contains it and no other one is current: a report that
 * was moved here from another study is replaced together with it. A failure is not a report: it is tried again.
 *
 * @param skip why the rules skip the study: then only a document that states the same reason counts
 */
export function findExistingReport(context: ReportContext, skip: Skip | undefined): ExistingReport | undefined {
  if (currentReports(context.own).length > 1) return undefined;
  return findReport(context, (outcome) => (skip ? outcome.kind === 'skipped' && outcome.code === skip.code : isOfImages(outcome)));
}

/** Neither a failure nor a skip by the rules, after which a person has requested the analysis. */
function isOfImages(outcome: ReportOutcome): boolean {
  return outcome.kind !== 'failed' && !(outcome.kind === 'skipped' && isAnsweredByRules({ outcome: outcome.kind, code: outcome.code }));
}

/** The current text report with this outcome, e.g. the same failure. */
export function findReport(context: ReportContext, isWanted: (outcome: ReportOutcome) => boolean): ExistingReport | undefined {
  const { own, input, modelKey } = context;
  for (const inputKey of [input.inputKey, input.formerKey]) {
    const document = own.current.find(
      (one) => one.kind === 'text' && isWanted(one.report.outcome) && isSameResult(one, inputKey, modelKey),
    );
    if (document) return { document, inputKey };
  }
  return undefined;
}

/** The result that documents in the PACS already state: an earlier attempt stored them, or the index was lost. */
export function adoptDocuments(
  opened: ReportContext,
  { document: { report }, inputKey }: ExistingReport,
  settings: ResultSettings & Pick<ReportSettings, 'findingNameOf'>,
  now: Date,
): StudyResult {
  const context = { ...opened, inputKey };
  const { study, own, model, modelKey } = context;
  const companions = own.current.filter((one) => isSameResult(one, inputKey, modelKey));
  const uids = documentUids({
    studyInstanceUID: study.studyInstanceUID,
    outcome: outcomeName(report.outcome),
    inputKey,
    deviceUID: modelKey,
    predecessors: report.predecessors,
    content: algorithmParametersOf(report.algorithm).content,
  });
  const heatMaps = own.heatMaps.filter(
    (one) => isSameHeatMap(one, inputKey, deviceUIDsIn(report)) && one.reference.seriesInstanceUID === uids.heatMap.series,
  );
  const documents = [
    ...companions.map((one) => ({ ...one.reference, kind: one.kind })),
    ...heatMaps.map((one) => ({ ...one.reference, kind: 'heat-map' as const })),
  ];
  const createdAt = report.createdAt ?? now;
  return resultOf(
    context,
    {
      resultId: uids.resultId,
      outcome: report.outcome,
      modelVersion: report.algorithm.serialNumber,
      engineName: model.engine.name,
      ...findingsIn(report, settings.findingNameOf),
      documents,
      createdAt,
    },
    settings,
    now,
  );
}
