import { textOf } from '../dicom/data-set.js';
import { proceduresOf } from '../sr/requests.js';
import type { AlgorithmIdentity, DocumentReference, ReportContent, ReportedFinding, ReportOutcome, Side } from '../sr/report-content.js';
import type { EngineIdentity, ReportSettings } from './ports.js';
import type { ServedModel } from '../serving/model.js';
import type { Analysis, StudyFinding } from './analysis.js';
import {
  engineParameter,
  inputParameter,
  isSameResult,
  modelKeyIn,
  modelsParameters,
  requestedParameter,
  ruleParameter,
} from './own-documents.js';
import type { ReportContext } from './report-context.js';
import { compareWithPrior } from './compare-with-prior.js';
import { reasonForReplacement } from './reason-for-replacement.js';
import { sideOf, trackingUidsOf, type TrackedFinding } from './tracked-findings.js';

/** What the documents of a result state, before they have names: the two UIDs are empty. */
export function contentOf(
  context: ReportContext,
  outcome: ReportOutcome,
  analysis: Analysis,
  predecessors: readonly DocumentReference[],
  settings: ReportSettings,
  createdAt: Date,
): ReportContent {
  const { instances, own, inputKey } = context;
  const evidence = new Set<string>(analysis.evidence.map((one) => one.sopInstanceUID));
  const images = instances.filter((one) => evidence.has(textOf(one, 'SOPInstanceUID') ?? ''));
  const evidenceUid: string | undefined = analysis.evidence[0]?.sopInstanceUID;
  const source = images.find((one) => one['SOPInstanceUID'] === evidenceUid) ?? images[0] ?? context.source ?? {};
  const isSameInput = (one: (typeof own.current)[number]): boolean => isSameResult(one, inputKey, modelKeyIn(one.report));
  const [algorithm, ...otherAlgorithms] = algorithmsOfResult(context, analysis, settings);
  const trackingUIDs = trackingUidsOf(
    analysis.findings.map((finding) => trackedFinding(finding, context, settings)),
    own.all,
  );
  const findings = analysis.findings.map((finding, index) => reportedFinding(finding, trackingUIDs[index]!, context, settings, algorithm!));
  const prior = compareWithPrior(findings, algorithm!.serialNumber, context.prior);
  return {
    source,
    outcome,
    findings,
    ...(prior ? { prior } : {}),
    remarks: [...(analysis.remarks ?? []), ...reasonForReplacement(context, isSameInput)],
    evidence: analysis.evidence,
    images,
    procedures: proceduresOf(source, settings.procedureReported(analysis.kind, textOf(source, 'Modality'))),
    algorithm: algorithm!,
    ...(otherAlgorithms.length > 0 ? { otherAlgorithms } : {}),
    createdAt,
    predecessors,
    seriesInstanceUID: '' as ReportContent['seriesInstanceUID'],
    sopInstanceUID: '' as ReportContent['sopInstanceUID'],
    seriesNumber: settings.seriesNumber,
    instanceNumber: 1,
  };
}

/** The engine that computed the predictions, not one that the service has fallen back to since. */
export function engineOf({ model }: ReportContext, { engine }: Analysis): EngineIdentity {
  return engine ?? model.engine;
}

function algorithmOf(model: ServedModel, softwareVersion: string, parameters: readonly string[]): AlgorithmIdentity {
  return {
    manufacturer: model.manufacturer,
    name: model.name,
    version: `${softwareVersion} model ${model.version}`,
    deviceUID: model.deviceUID,
    serialNumber: model.version,
    parameters,
  };
}

/** The algorithms that analysed the study, by falling precedence; of a failure, the first that was to do so. */
function algorithmsOfResult(context: ReportContext, analysis: Analysis, { softwareVersion }: ReportSettings): readonly AlgorithmIdentity[] {
  const parts = analysis.byModel ?? [{ model: context.model, analysis }];
  return parts.map((part) => algorithmOf(part.model, softwareVersion, parametersOfResult(context, part.model, part.analysis)));
}

function parametersOfResult({ study, inputKey, rule, models }: ReportContext, model: ServedModel, analysis: Analysis): readonly string[] {
  return [
    inputParameter(inputKey),
    engineParameter(analysis.engine ?? model.engine),
    ...(rule ? [ruleParameter(rule)] : study.isRequested ? [requestedParameter] : []),
    ...modelsParameters(models),
    ...analysis.notes,
  ];
}

function sideOfFinding({ region, box }: StudyFinding, { considered }: ReportContext): Side | undefined {
  const imageUid: string | undefined = region?.image.sopInstanceUID;
  return box && sideOf(box, considered.find((one) => textOf(one, 'SOPInstanceUID') === imageUid) ?? {});
}

function trackedFinding(finding: StudyFinding, context: ReportContext, settings: ReportSettings): TrackedFinding {
  return {
    studyInstanceUID: context.study.studyInstanceUID,
    concept: settings.termsOf(finding.name).concept,
    side: sideOfFinding(finding, context),
    model: finding.model?.name,
  };
}

function reportedFinding(
  finding: StudyFinding,
  trackingUID: string,
  context: ReportContext,
  settings: ReportSettings,
  first: AlgorithmIdentity,
): ReportedFinding {
  const { concept, site, wording } = settings.termsOf(finding.name);
  const { name, probability, absentBelow, presentFrom, decision, isNotCalibratedHere, images, region, model, overruledBy } = finding;
  const side = sideOfFinding(finding, context);
  return {
    name,
    concept,
    wording,
    probability,
    absentBelow,
    presentFrom,
    decision,
    images,
    trackingUID,
    ...(isNotCalibratedHere ? { isNotCalibratedHere } : {}),
    ...(site ? { site } : {}),
    ...(side ? { side } : {}),
    ...(region ? { region } : {}),
    ...(model && model.deviceUID !== first.deviceUID ? { deviceUID: model.deviceUID } : {}),
    ...(overruledBy === undefined ? {} : { overruledBy }),
  };
}
