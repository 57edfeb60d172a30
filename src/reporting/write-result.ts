import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import { writePart10 } from '../dicom/part10.js';
import { Fault } from '../errors.js';
import type { RoutingRule } from '../routing/rules.js';
import { checkDocument } from '../sr/check-document.js';
import { hasPlace, measurementReport } from '../sr/measurement-report.js';
import { proceduresOf } from '../sr/requests.js';
import type { AlgorithmIdentity, DocumentReference, ReportContent, ReportedFinding, ReportOutcome } from '../sr/report-content.js';
import { textReport } from '../sr/text-report.js';
import type { Analysis, StudyFinding } from './analysis.js';
import { contentDigest, documentUids, type DocumentUids, type ResultIdentity } from './document-identity.js';
import { drawHeatMaps } from './draw-heat-maps.js';
import {
  contentParameter,
  engineParameter,
  inputParameter,
  parametersOf,
  ruleParameter,
  isSameResult,
  isSameHeatMap,
  type OwnDocument,
  type OwnDocuments,
} from './own-documents.js';
import { evidenceOf } from './evidence.js';
import { outcomeName } from './outcome-name.js';
import { referenceTo } from './image-reference.js';
import { readBack } from './read-back.js';
import { sideOf, trackingUidOf } from './tracked-findings.js';
import type { Stopwatch } from './stopwatch.js';
import { assertUnchanged, removeStored, type StudyInput } from './study-input.js';
import type { ReportPorts, ResultDocument, ResultFinding, StudyResult, StudyToReport } from './ports.js';
import type { ServedModel } from '../serving/model.js';
import { whyReplaced } from './why-replaced.js';

/** A study with all that is needed to say something about it. */
export interface ReportContext {
  readonly study: StudyToReport;
  /** Any instance: patient and study are copied from it. */
  readonly source: DataSet | undefined;
  /** Everything in the study that is not ours. */
  readonly instances: readonly DataSet[];
  /** The instances that the result depends on. */
  readonly considered: readonly DataSet[];
  readonly input: StudyInput;
  readonly inputKey: string;
  /** Absent where none takes the study. */
  readonly rule: RoutingRule | undefined;
  readonly own: OwnDocuments;
  readonly model: ServedModel;
  readonly watch: Stopwatch;
  readonly tools: ReportPorts;
  /** The documents are files that no PACS holds: a repeat writes others. */
  readonly asFiles?: boolean;
}

/** Writes what the analysis found: documents into the PACS, checked before and read back after. */
export async function writeResult(hand: ReportContext, analysis: Analysis): Promise<StudyResult> {
  const outcome: ReportOutcome = analysis.skip ? { kind: 'skipped', ...analysis.skip } : { kind: 'reported' };
  const wanted = outcome.kind === 'reported' || hand.tools.settings.skippedDocuments;
  return write(hand, outcome, analysis, wanted);
}

export async function writeFailure(hand: ReportContext, fault: Fault): Promise<StudyResult> {
  const outcome: ReportOutcome = { kind: 'failed', code: fault.code, reason: fault.message };
  const ct = hand.considered.every((one) => textOf(one, 'Modality')?.toUpperCase() === 'CT');
  const nothing: Analysis = { kind: ct ? 'ct' : 'xray', evidence: evidenceOf(hand.considered), findings: [], notes: [] };
  const result = await write(hand, outcome, nothing, hand.tools.settings.failedDocuments);
  return { ...result, retryable: fault.retryable };
}

/** The PACS already holds what would be written: an earlier attempt got that far, or the index was lost. */
export function adoptDocuments(hand: ReportContext, said: OwnDocument): StudyResult {
  const companions = hand.own.current.filter((one) => isSameResult(one, hand.inputKey, hand.model.deviceUID));
  const outcome = said.report.outcome;
  const uids = documentUids({
    ...identityOf(hand, outcome),
    predecessors: said.report.predecessors,
    content: parametersOf(said.report.algorithm).content,
  });
  const findings = said.report.findings.map(({ concept, probability, decision }) => ({
    name: hand.tools.settings.findingNameOf(concept) ?? concept.meaning,
    ...codeOf(concept),
    probability,
    decision,
  }));
  const heatMaps = hand.own.heatMaps.filter(
    (one) => isSameHeatMap(one, hand.inputKey, hand.model.deviceUID) && one.reference.seriesInstanceUID === uids.heatMap.series,
  );
  const createdAt = said.report.createdAt ?? hand.tools.clock.now();
  return resultOf(
    hand,
    uids,
    outcome,
    findings,
    [
      ...companions.map((one) => ({ ...one.reference, kind: one.kind })),
      ...heatMaps.map((one) => ({ ...one.reference, kind: 'heat-map' as const })),
    ],
    createdAt,
  );
}

/** What is on record only, without a document: a study that no rule takes, or a failure of which none could be written. */
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

export function resultWithoutDocument({
  study,
  outcome,
  why,
  retryable,
  rule,
  inputKey,
  model,
  createdAt,
  timings = {},
}: BareResult): StudyResult {
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
    ...why,
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

async function write(given: ReportContext, outcome: ReportOutcome, analysis: Analysis, wanted: boolean): Promise<StudyResult> {
  // the engine that computed it, not the one that took over since
  const hand = analysis.engine ? { ...given, model: { ...given.model, engine: analysis.engine } } : given;
  const findings = analysis.findings.map((finding) => reportedFinding(finding, hand));
  const identity = identityOf(hand, outcome);
  const already = hand.own.current.find(
    (one) =>
      one.kind === 'text' && isSameResult(one, hand.inputKey, hand.model.deviceUID) && outcomeName(one.report.outcome) === identity.outcome,
  );
  if (already) return adoptDocuments(hand, already);
  const now = hand.tools.clock.now();
  const { predecessors, content, uids } = namedContent(hand, outcome, analysis, findings, identity, now);
  const { createdAt } = content;
  // What no longer holds must not stand unreplaced in the PACS, whatever the settings say about documents.
  const documents = wanted || predecessors.length > 0 ? await storeDocuments(hand, content, analysis, uids) : [];
  const resultFindings = findings.map(({ name, concept, probability, decision }) => ({ name, ...codeOf(concept), probability, decision }));
  return {
    ...resultOf(hand, uids, outcome, resultFindings, documents, createdAt),
    ...(analysis.statistics ? { statistics: analysis.statistics } : {}),
  };
}

/**
 * The text report goes last: where it is, everything is.
 */
async function storeDocuments(
  hand: ReportContext,
  content: ReportContent,
  analysis: Analysis,
  uids: DocumentUids,
): Promise<readonly ResultDocument[]> {
  const { watch, tools, study } = hand;
  const { measurementReports, regionTemplate, heatMaps } = tools.settings.profile;
  const drawn = heatMaps
    ? await watch.time('heatMap', () => drawHeatMaps(analysis.findings, content, hand.instances, uids, inputParameter(hand.inputKey)))
    : [];
  const written = await watch.time('report', async () => {
    const text = {
      kind: 'text' as const,
      dataSet: textReport({ ...content, seriesInstanceUID: uids.text.series, sopInstanceUID: uids.text.instance }),
    };
    const wanted =
      measurementReports === 'always' ? content.outcome.kind === 'reported' : measurementReports === 'with-place' && hasPlace(content);
    if (!wanted) return [text];
    const measurement = measurementReport(
      {
        ...content,
        seriesInstanceUID: uids.measurement.series,
        sopInstanceUID: uids.measurement.instance,
        seriesNumber: content.seriesNumber + 1,
      },
      regionTemplate,
    );
    return [{ kind: 'measurement' as const, dataSet: measurement }, text];
  });
  for (const { dataSet } of written) {
    const mistakes = checkDocument(dataSet, {
      codes: [...tools.settings.codes, ...content.procedures],
      imageSizes: imageSizesOf(hand.considered),
      mayPointAtNothing: measurementReports === 'always',
    });
    if (mistakes.length > 0) throw new Fault('document-invalid', mistakes.join('; '), { studyInstanceUID: study.studyInstanceUID });
  }
  const all = [...drawn.map((dataSet) => ({ kind: 'heat-map' as const, dataSet })), ...written];
  await watch.time('store', () =>
    storeInto(
      hand,
      all.map(({ dataSet }) => dataSet),
    ),
  );
  const held = await watch.time('readBack', () => Promise.all(all.map(({ kind, dataSet }) => readBack(dataSet, kind, tools.pacs))));
  // As people look for them: what can be read, then what can be looked at.
  return [...held.slice(drawn.length), ...held.slice(0, drawn.length)];
}

/** Nothing is stored into a study that is gone, or whose images changed; what came just too late is taken back. */
async function storeInto(
  { study: { studyInstanceUID }, considered, input, tools: { pacs, log } }: ReportContext,
  documents: readonly DataSet[],
): Promise<void> {
  await assertUnchanged(studyInstanceUID, considered, input, pacs);
  await pacs.storeInstances(documents.map((one) => writePart10(one)));
  const stored = documents.map((one) => referenceTo(one));
  try {
    await assertUnchanged(studyInstanceUID, considered, input, pacs, new Set(stored.map((one) => one.sopInstanceUID)));
  } catch (error) {
    if (error instanceof Fault && ['pacs-not-found', 'study-changed'].includes(error.code)) {
      await removeStored(stored, input, pacs);
      log.info('the study changed while its documents were stored: they were taken back', { study: studyInstanceUID, code: error.code });
    }
    throw error;
  }
}

/** Columns and rows by SOP Instance UID, so that a box outside its image is noticed. */
function imageSizesOf(instances: readonly DataSet[]): ReadonlyMap<string, { readonly columns: number; readonly rows: number }> {
  return new Map(
    instances.map((one) => [
      textOf(one, 'SOPInstanceUID') ?? '',
      { columns: numberOf(one, 'Columns') ?? Infinity, rows: numberOf(one, 'Rows') ?? Infinity },
    ]),
  );
}

interface NamedContent {
  readonly predecessors: readonly DocumentReference[];
  readonly content: ReportContent;
  readonly uids: DocumentUids;
}

/**
 * The content of the documents under the names that are derived from it. What an interrupted attempt at this very result has
 * left in the PACS bears the same names: the documents are then written with its time, byte for byte the same. What an
 * attempt with another content has left (another engine, another threshold) is replaced like any earlier document.
 */
function namedContent(
  hand: ReportContext,
  outcome: ReportOutcome,
  analysis: Analysis,
  findings: readonly ReportedFinding[],
  identity: Omit<ResultIdentity, 'predecessors'>,
  now: Date,
): NamedContent {
  const { current, heatMaps } = hand.own;
  const named = (predecessors: readonly DocumentReference[]): NamedContent => {
    const content = contentOf(hand, outcome, analysis, findings, predecessors, now);
    const digest = contentDigest(content, hand.tools.settings.profile.regionTemplate, hand.asFiles ? now : undefined);
    const uids = documentUids({ ...identity, predecessors, content: digest });
    const algorithm = { ...content.algorithm, parameters: [...content.algorithm.parameters, contentParameter(digest)] };
    return {
      predecessors,
      uids,
      content: { ...content, algorithm, seriesInstanceUID: uids.text.series, sopInstanceUID: uids.text.instance },
    };
  };
  const withoutLeftOver = named(predecessorsOf(hand, outcome));
  const isLeftOver = (one: OwnDocument): boolean => one.reference.sopInstanceUID === withoutLeftOver.uids.measurement.instance;
  const others = current.filter((one) => !isLeftOver(one)).map((one) => one.reference);
  const result = others.length === withoutLeftOver.predecessors.length ? withoutLeftOver : named(others);
  const earlier =
    current.find((one) => one.reference.sopInstanceUID === result.uids.measurement.instance)?.report.createdAt ??
    heatMaps.find((one) => one.reference.seriesInstanceUID === result.uids.heatMap.series)?.createdAt;
  return { ...result, content: { ...result.content, createdAt: earlier ?? now } };
}

function contentOf(
  hand: ReportContext,
  outcome: ReportOutcome,
  analysis: Analysis,
  findings: readonly ReportedFinding[],
  predecessors: readonly DocumentReference[],
  createdAt: Date,
): ReportContent {
  const { tools, model } = hand;
  const evidence = new Set<string>(analysis.evidence.map((one) => one.sopInstanceUID));
  const images = hand.instances.filter((one) => evidence.has(textOf(one, 'SOPInstanceUID') ?? ''));
  const evidenceUid: string | undefined = analysis.evidence[0]?.sopInstanceUID;
  const source = images.find((one) => one['SOPInstanceUID'] === evidenceUid) ?? images[0] ?? hand.source ?? {};
  return {
    source,
    outcome,
    findings,
    remarks: [
      ...(analysis.remarks ?? []),
      ...whyReplaced(hand.own.current, hand.instances, hand.considered, (one) =>
        isSameResult(one, hand.inputKey, one.report.algorithm.deviceUID),
      ),
    ],
    evidence: analysis.evidence,
    images,
    procedures: proceduresOf(source, tools.settings.procedureReported(analysis.kind, textOf(source, 'Modality'))),
    algorithm: algorithmOf(model, tools.settings.softwareVersion, parametersOfResult(hand, analysis)),
    createdAt,
    predecessors,
    seriesInstanceUID: '' as ReportContent['seriesInstanceUID'],
    sopInstanceUID: '' as ReportContent['sopInstanceUID'],
    seriesNumber: tools.settings.seriesNumber,
    instanceNumber: 1,
  };
}

export function algorithmOf(model: ServedModel, softwareVersion: string, parameters: readonly string[]): AlgorithmIdentity {
  return {
    manufacturer: model.manufacturer,
    name: model.name,
    version: `${softwareVersion} model ${model.version}`,
    deviceUID: model.deviceUID,
    serialNumber: model.version,
    parameters,
  };
}

function reportedFinding(finding: StudyFinding, { study, considered, own, tools }: ReportContext): ReportedFinding {
  const { concept, site, wording } = tools.settings.termsOf(finding.name);
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

function identityOf(
  hand: ReportContext,
  outcome: ReportOutcome,
): {
  readonly studyInstanceUID: StudyToReport['studyInstanceUID'];
  readonly outcome: string;
  readonly inputKey: string;
  readonly deviceUID: string;
} {
  return {
    studyInstanceUID: hand.study.studyInstanceUID,
    outcome: outcomeName(outcome),
    inputKey: hand.inputKey,
    deviceUID: hand.model.deviceUID,
  };
}

function parametersOfResult({ inputKey, model, rule }: ReportContext, { notes }: Analysis): readonly string[] {
  return [inputParameter(inputKey), engineParameter(model.engine), ...(rule ? [ruleParameter(rule)] : []), ...notes];
}

/** What is current, without what an interrupted attempt at this very result has left; a skip or a failure replaces that too. */
function predecessorsOf(hand: ReportContext, outcome: ReportOutcome): readonly DocumentReference[] {
  const isLeftOver = (one: OwnDocument): boolean =>
    outcome.kind === 'reported' && one.kind === 'measurement' && isSameResult(one, hand.inputKey, hand.model.deviceUID);
  return hand.own.current.filter((one) => !isLeftOver(one)).map((one) => one.reference);
}

function codeOf(concept: {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}): Pick<ResultFinding, 'code' | 'scheme' | 'meaning'> {
  return { code: concept.value, scheme: concept.scheme, meaning: concept.meaning };
}

/** Who was sent the earlier result learns that it no longer holds. */
function ruleOfEarlier({ own, tools }: ReportContext): RoutingRule | undefined {
  const names = own.current.map(({ report }) => parametersOf(report.algorithm).rule);
  return tools.settings.routing.rules.find(({ name }) => names.includes(name));
}

function resultOf(
  hand: ReportContext,
  uids: DocumentUids,
  outcome: ReportOutcome,
  findings: readonly ResultFinding[],
  documents: readonly ResultDocument[],
  createdAt: Date,
): StudyResult {
  return {
    resultId: uids.resultId,
    studyInstanceUID: hand.study.studyInstanceUID,
    createdAt,
    outcome: outcome.kind,
    code: outcome.kind === 'reported' ? undefined : outcome.code,
    reason: outcome.kind === 'reported' ? undefined : outcome.reason,
    rule: hand.rule?.name,
    priority: hand.rule?.priority ?? 0,
    modelVersion: hand.model.version,
    engine: hand.model.engine.name,
    inputKey: hand.inputKey,
    findings,
    documents,
    destinations: (hand.rule ?? ruleOfEarlier(hand))?.destinations ?? [],
    timings: hand.watch.milliseconds,
  };
}
