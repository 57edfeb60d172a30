import { textOf } from '../dicom/data-set.js';
import { proceduresOf } from '../sr/requests.js';
import type { AlgorithmIdentity, DocumentReference, ReportContent, ReportedFinding, ReportOutcome } from '../sr/report-content.js';
import type { EngineIdentity, ReportSettings } from './ports.js';
import type { ServedModel } from '../serving/model.js';
import type { Analysis, StudyFinding } from './analysis.js';
import { engineParameter, inputParameter, isSameResult, ruleParameter } from './own-documents.js';
import type { ReportContext } from './report-context.js';
import { reasonForReplacement } from './reason-for-replacement.js';
import { sideOf, trackingUidOf } from './tracked-findings.js';

/** What the documents of a result state, before they have names: the two UIDs are empty. */
export function contentOf(
  context: ReportContext,
  outcome: ReportOutcome,
  analysis: Analysis,
  predecessors: readonly DocumentReference[],
  settings: ReportSettings,
  createdAt: Date,
): ReportContent {
  const { instances, considered, own, model, inputKey } = context;
  const evidence = new Set<string>(analysis.evidence.map((one) => one.sopInstanceUID));
  const images = instances.filter((one) => evidence.has(textOf(one, 'SOPInstanceUID') ?? ''));
  const evidenceUid: string | undefined = analysis.evidence[0]?.sopInstanceUID;
  const source = images.find((one) => one['SOPInstanceUID'] === evidenceUid) ?? images[0] ?? context.source ?? {};
  const isSameInput = (one: (typeof own.current)[number]): boolean => isSameResult(one, inputKey, one.report.algorithm.deviceUID);
  return {
    source,
    outcome,
    findings: analysis.findings.map((finding) => reportedFinding(finding, context, settings)),
    remarks: [...(analysis.remarks ?? []), ...reasonForReplacement(own.current, instances, considered, isSameInput)],
    evidence: analysis.evidence,
    images,
    procedures: proceduresOf(source, settings.procedureReported(analysis.kind, textOf(source, 'Modality'))),
    algorithm: algorithmOf(model, settings.softwareVersion, parametersOfResult(context, analysis)),
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

function parametersOfResult(context: ReportContext, analysis: Analysis): readonly string[] {
  const { inputKey, rule } = context;
  return [
    inputParameter(inputKey),
    engineParameter(engineOf(context, analysis)),
    ...(rule ? [ruleParameter(rule)] : []),
    ...analysis.notes,
  ];
}

function reportedFinding(finding: StudyFinding, { study, considered, own }: ReportContext, settings: ReportSettings): ReportedFinding {
  const { concept, site, wording } = settings.termsOf(finding.name);
  const { name, probability, absentBelow, presentFrom, decision, images, region, box } = finding;
  const imageUid: string | undefined = region?.image.sopInstanceUID;
  const side = box && sideOf(box, considered.find((one) => textOf(one, 'SOPInstanceUID') === imageUid) ?? {});
  const trackingUID = trackingUidOf(study.studyInstanceUID, concept, side, own.all);
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
    ...(site ? { site } : {}),
    ...(side ? { side } : {}),
    ...(region ? { region } : {}),
  };
}
