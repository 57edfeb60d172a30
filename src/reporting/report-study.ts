import type { DataSet } from '../dicom/data-set.js';
import { textOf } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { explainNone, route } from '../routing/match.js';
import type { RoutingRule } from '../routing/rules.js';
import { selectXrays, type XraySelection } from '../routing/select-xrays.js';
import { seriesFactsOf, type SeriesFacts } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { Analysis } from './analysis.js';
import { evidenceOf } from './evidence.js';
import { inputKeyOf } from './document-identity.js';
import { predictCt } from './predict-ct.js';
import { predictXrays, noXrayReason } from './predict-xrays.js';
import { ownDocumentsIn, isSameResult, type OwnDocument } from './own-documents.js';
import { skip, type Skip } from './skip.js';
import { Stopwatch } from './stopwatch.js';
import { inputOf } from './study-input.js';
import type { Pacs, ReportPorts, StudyResult, StudyToReport } from './ports.js';
import type { ServedModel } from '../serving/model.js';
import { adoptDocuments, resultWithoutDocument, writeFailure, writeResult, type ReportContext } from './write-result.js';

/**
 * The first story: a study in the PACS → rule → images → findings → documents in the PACS.
 *
 * Every step may be repeated: what is written is named after what it describes, and what is already there is adopted.
 *
 * @returns the study's one current result, whether it was made now or found
 * @throws Fault when it could not be done; nothing is lost by trying again
 */
export async function reportStudy(study: StudyToReport, tools: ReportPorts): Promise<StudyResult> {
  const seen = await lookAt(study, tools);
  if (seen.state === 'passed-over') return passOver(seen);
  const { hand, chosen } = seen;
  const said = saidIn(hand, (one) => one.report.outcome.kind !== 'failed');
  if (said) return adoptDocuments({ ...hand, inputKey: said.inputKey }, said.document);
  return writeResult(hand, await analyse(chosen, hand.model, tools, hand.watch));
}

/**
 * The second half of the story for a study that is taken without asking the rules: findings and documents.
 *
 * @param instances metadata of all its instances
 */
export async function reportTaken(
  studyInstanceUID: StudyInstanceUID,
  rule: RoutingRule,
  instances: readonly DataSet[],
  tools: ReportPorts,
): Promise<StudyResult> {
  const watch = new Stopwatch();
  const model = tools.model();
  const chosen = chooseImages(seriesFactsOf(instances), tools.settings.maxImages);
  const input = await inputOf(studyInstanceUID, chosen.considered, tools.pacs);
  const hand: ReportContext = {
    study: { studyInstanceUID, arrival: {} },
    source: instances[0],
    instances,
    considered: chosen.considered,
    input,
    inputKey: input.inputKey,
    rule,
    own: ownDocumentsIn([]),
    model,
    watch,
    tools,
    asFiles: true,
  };
  return writeResult(hand, await analyse(chosen, model, tools, watch));
}

/** What the model says of the images of one study, whatever the rules would say of it; nothing is written. */
export function analyseInstances(instances: readonly DataSet[], tools: ReportPorts): Promise<Analysis> {
  return analyse(chooseImages(seriesFactsOf(instances), tools.settings.maxImages), tools.model(), tools, new Stopwatch());
}

/** What the model says of a study that the rules take, and on which images; nothing is written. Undefined if they do not take it. */
export async function predictOnly(
  study: StudyToReport,
  tools: ReportPorts,
): Promise<{ readonly inputKey: string; readonly analysis: Analysis } | undefined> {
  const seen = await lookAt(study, tools);
  if (seen.state === 'passed-over') return undefined;
  return { inputKey: seen.hand.inputKey, analysis: await analyse(seen.chosen, seen.hand.model, tools, seen.hand.watch) };
}

/** Says in the record, and in a document where that is wanted, that a study could not be done. */
export async function reportFailure(study: StudyToReport, fault: Fault, tools: ReportPorts): Promise<StudyResult> {
  const seen = await lookAt(study, tools);
  return seen.state === 'passed-over' ? passOver(seen) : writeFailure(seen.hand, fault);
}

type Seen = PassedOver | { readonly state: 'taken'; readonly hand: ReportContext; readonly chosen: ChosenImages };

interface PassedOver {
  readonly state: 'passed-over';
  readonly hand: ReportContext;
  readonly why: Skip;
}

async function lookAt(study: StudyToReport, tools: ReportPorts): Promise<Seen> {
  const { studyInstanceUID } = study;
  const watch = new Stopwatch();
  const model = tools.model();
  const all = await watch.time('metadata', () => tools.pacs.retrieveStudyMetadata(studyInstanceUID));
  const own = ownDocumentsIn(all);
  const instances = all.filter((one) => !isAboutStudy(one));
  const decision = route(tools.settings.routing, seriesFactsOf(instances, study.arrival));
  const common = { study, source: instances[0] ?? all[0], instances, own, model, watch, tools };
  if (decision.action !== 'analyse') {
    const rule = decision.action === 'ignore' ? decision.rule : undefined;
    const why =
      instances.length === 0
        ? skip('no-image')
        : decision.action === 'none'
          ? skip('no-rule', explainNone(decision.passedOver))
          : skip('ignored-by-rule', decision.rule.name);
    // It rests on no pixels: the identifiers say what was looked at.
    const input = {
      ...(await inputOf(studyInstanceUID, [], tools.pacs)),
      inputKey: inputKeyOf(instances),
      formerKey: inputKeyOf(instances),
    };
    return { state: 'passed-over', hand: { ...common, considered: [], input, inputKey: input.inputKey, rule }, why };
  }
  const chosen = chooseImages(decision.series, tools.settings.maxImages);
  const input = await watch.time('metadata', () => inputOf(studyInstanceUID, chosen.considered, tools.pacs));
  return {
    state: 'taken',
    hand: { ...common, considered: chosen.considered, input, inputKey: input.inputKey, rule: decision.rule },
    chosen,
  };
}

/**
 * A study that no rule takes gets no document of its own. Where an earlier result of ours stands in it, that one rests on
 * images which are gone or which a rule took no longer: it is replaced by a document that says so.
 */
async function passOver({ hand, why }: PassedOver): Promise<StudyResult> {
  const { study, rule, inputKey, model, tools, watch } = hand;
  const said = saidIn(hand, ({ report: { outcome } }) => outcome.kind === 'skipped' && outcome.code === why.code);
  if (said) return adoptDocuments(hand, said.document);
  if (hand.own.current.length > 0) return writeResult(hand, { kind: 'xray', evidence: [], findings: [], notes: [], skip: why });
  return resultWithoutDocument({
    study,
    outcome: 'skipped',
    why,
    rule,
    inputKey,
    model,
    createdAt: tools.clock.now(),
    timings: watch.milliseconds,
  });
}

/** The current text report of this model version on these images, if the PACS holds it; also one that names them as earlier releases did. */
function saidIn(
  { own, input, model }: ReportContext,
  isWanted: (document: OwnDocument) => boolean,
): { readonly document: OwnDocument; readonly inputKey: string } | undefined {
  for (const inputKey of [input.inputKey, input.formerKey]) {
    const document = own.current.find((one) => one.kind === 'text' && isWanted(one) && isSameResult(one, inputKey, model.deviceUID));
    if (document) return { document, inputKey };
  }
  return undefined;
}

/**
 * The keys of what a result of this study would rest on now, today's and that of earlier releases: by them one sees whether what
 * is reported is still about these images.
 */
export async function inputKeysNow(
  studyInstanceUID: StudyInstanceUID,
  all: readonly DataSet[],
  arrival: StudyToReport['arrival'],
  { routing, maxImages }: Pick<ReportPorts['settings'], 'routing' | 'maxImages'>,
  pacs: Pick<Pacs, 'content'>,
): Promise<readonly string[]> {
  const instances = all.filter((one) => !isAboutStudy(one));
  const decision = route(routing, seriesFactsOf(instances, arrival));
  if (decision.action !== 'analyse') return [inputKeyOf(instances)];
  const { inputKey, formerKey } = await inputOf(studyInstanceUID, chooseImages(decision.series, maxImages).considered, pacs);
  return [inputKey, formerKey];
}

/** What is looked at: X-rays if the series hold any, else CT. */
interface ChosenImages {
  readonly kind: 'xray' | 'ct';
  readonly series: readonly SeriesFacts[];
  readonly xrays: XraySelection;
  /** The instances that the result depends on. */
  readonly considered: readonly DataSet[];
}

function chooseImages(series: readonly SeriesFacts[], maxImages: number): ChosenImages {
  // A rule without a modality takes dose reports and presentation states along: they make no X-ray study of a CT.
  const ctSeries = series.filter((one) => one.values.modality?.includes('CT'));
  const xrays = selectXrays(
    series.filter((one) => !ctSeries.includes(one)),
    maxImages,
  );
  if (xrays.chosen.length > 0) return { kind: 'xray', series, xrays, considered: xrays.chosen };
  if (ctSeries.length > 0) return { kind: 'ct', series: ctSeries, xrays, considered: ctSeries.flatMap((one) => one.instances) };
  return { kind: 'xray', series, xrays, considered: series.flatMap((one) => one.instances) };
}

/** Images that a reader could think were judged. */
function notLookedAt({ leftOut }: XraySelection): readonly string[] {
  const words = {
    'over-limit': 'older than as many as are judged',
    'for-processing': 'for processing, not for presentation',
    lateral: 'a lateral view',
  } as const;
  return leftOut.flatMap(({ instance, reason }) =>
    reason in words ? [`Left out, ${words[reason as keyof typeof words]}: ${textOf(instance, 'SOPInstanceUID') ?? ''}`] : [],
  );
}

async function analyse(chosen: ChosenImages, model: ServedModel, tools: ReportPorts, watch: Stopwatch): Promise<Analysis> {
  const nothing = { kind: chosen.kind, evidence: evidenceOf(chosen.considered), findings: [], notes: [] };
  if (!model.judges(chosen.kind)) return { ...nothing, skip: skip('not-for-this-model') };
  if (chosen.kind === 'xray' && chosen.xrays.chosen.length === 0) return { ...nothing, skip: noXrayReason(chosen.xrays.leftOut) };
  try {
    if (chosen.kind === 'ct') return await predictCt(chosen.series, model, tools, watch);
    const analysis = await predictXrays(chosen.xrays.chosen, model, tools, watch);
    return { ...analysis, notes: [...analysis.notes, ...notLookedAt(chosen.xrays)] };
  } catch (error) {
    const studyInstanceUID = textOf(chosen.considered[0] ?? {}, 'StudyInstanceUID');
    throw error instanceof Fault && studyInstanceUID ? error.about({ studyInstanceUID }) : error;
  }
}
