import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Example, ExampleSource } from '../dataset/example.js';
import { writePartsFile } from '../dataset/parts-file.js';
import type { PictureCache } from '../dataset/picture-cache.js';
import { PictureWorkers } from '../dataset/picture-workers.js';
import { checkClasses, type Part, type Split } from '../dataset/split.js';
import type { Engine } from '../engine/engine.js';
import type { TrainingEngine } from '../engine/trainer.js';
import { calibratedOutputs } from '../evaluation/calibrated-outputs.js';
import { fitFeatureGate } from '../evaluation/feature-gate.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { evaluateSet } from '../evaluation/report/evaluate-set.js';
import { quantile } from '../evaluation/metrics/patient-bootstrap.js';
import { probabilityOf } from '../evaluation/probability.js';
import type { FindingRule, OutputRule, Rules } from '../evaluation/rules.js';
import { truthOf, type LabelRules } from '../evaluation/truth.js';
import { Fault } from '../errors.js';
import { architectureOf, type ArchitectureSpec } from '../network/architecture-spec.js';
import type { Tensors } from '../network/safetensors.js';
import { filesOfCandidate, type Candidate } from '../registry/candidate.js';
import type { Lineage } from '../registry/lineage.js';
import type { InputSpecification, NetworkFile } from '../registry/model-file.js';
import { modelIdentity } from '../registry/model-identity.js';
import { predictAll, type TrainingImage } from '../training/batches.js';
import type { Position } from '../training/checkpoint.js';
import type { Recipe } from '../training/recipe.js';
import { trainNetwork } from '../training/train-network.js';
import type { TrainingProgress, TrainingRun } from '../training/training-run.js';
import { trainingCard } from './model-card.js';
import { trainingReference } from './training-reference.js';
import { scoreExamples, type ScoredExamples } from './score-examples.js';

/** Labelled images, and all that is to become of them. */
export interface CandidateRequest {
  /** Of this run alone; what a run before left there is gone on with. */
  readonly directory: string;
  readonly dataset: { readonly name: string; readonly source: ExampleSource; readonly split: Split; readonly sha256?: string | undefined };
  /** What the outputs are called: names of config/findings.json where a report is to speak of them. */
  readonly classes: readonly string[];
  readonly objective: 'one-of-many' | 'several';
  /** The class among them that is no finding: whether the picture is of the kind that the network is made for (dataset/guard-class.ts). */
  readonly guardClass?: string | undefined;
  readonly labelRules: LabelRules;
  readonly kind: 'xray' | 'ct';
  readonly architecture: ArchitectureSpec;
  readonly initial: { readonly tensors: Tensors; readonly parent: string | null; readonly startedFrom?: string | undefined };
  readonly input: InputSpecification;
  /** How a study is judged by its slices. */
  readonly study?: NonNullable<NetworkFile['study']> | undefined;
  readonly recipe: Recipe;
  readonly cache: PictureCache;
  readonly engine: Engine & TrainingEngine;
  readonly workers?: number | undefined;
  readonly model: Pick<Candidate, 'name' | 'manufacturer' | 'license'> & {
    readonly codeVersion: string;
    readonly settings: Readonly<Record<string, unknown>>;
  };
  readonly clock: { now(): Date };
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** When the images were found good to train on, before anything is trained; `directory` is there. */
  readonly onBegin?: (() => Promise<void>) | undefined;
  readonly onReading?: (done: number, total: number) => void;
}

export type CandidateOutcome =
  | { readonly finished: false; readonly position: Position; readonly warnings: readonly string[] }
  | { readonly finished: true; readonly candidate: Candidate; readonly report: EvaluationReport; readonly warnings: readonly string[] };

/**
 * From labelled images to a candidate for the registry: pictures read once, the network trained, calibration and thresholds from
 * the calibration images, the feature gate from the training images, and what it is worth on the validation images. Told to stop, it
 * leaves a checkpoint, and the same request goes on from there.
 *
 * @throws Fault dataset-invalid (no second class, too few images), training-diverged, disk-full
 */
export async function trainCandidate(request: CandidateRequest): Promise<CandidateOutcome> {
  const { dataset, classes, objective, cache, signal, clock } = request;
  const startedAt = clock.now();
  const reading = await readPictures(request);
  if (reading === 'stopped') return { finished: false, position: { stage: 0, epoch: 0, batch: 0 }, warnings: [] };
  const usable = usableExamples(request, reading);
  const warnings = [
    ...dataset.split.warnings,
    ...checkClasses(
      usable.map(({ example }) => example),
      usable.map(({ part }) => part),
      classes,
      objective,
    ),
    ...describeLeftOut(request, reading, usable.length),
  ];
  const guardOutput = classes.indexOf(request.guardClass ?? '');
  const of = (part: Part): readonly Usable[] => usable.filter((one) => one.part === part);
  if (of('validation').length === 0)
    throw new Fault('dataset-invalid', `expected images for validation that ${classes.join(', ')} can describe, found none`);

  await mkdir(request.directory, { recursive: true });
  await request.onBegin?.();
  await writePartsFile(join(request.directory, 'parts.jsonl'), dataset.source.examples, dataset.split.parts);
  const toImage = (one: Usable): TrainingImage =>
    imageOf(one, request.kind === 'xray' && (guardOutput < 0 || one.truth[guardOutput] !== 0));
  const run: TrainingRun = {
    directory: request.directory,
    architecture: architectureOf(request.architecture),
    initial: request.initial.tensors,
    input: request.input,
    kind: objective,
    train: of('train').map(toImage),
    validation: of('validation').map(toImage),
    ...(guardOutput < 0 ? {} : { guardOutput }),
    cache,
    recipe: request.recipe,
    engine: request.engine,
    workers: request.workers,
    signal,
    onProgress: request.onProgress,
  };
  const trained = await trainNetwork(run);
  if (!trained.finished) return { finished: false, position: trained.position, warnings };
  const network = { architecture: run.architecture, tensors: trained.tensors };

  const workers = new PictureWorkers(request.workers);
  const predictor = await request.engine.load(network);
  try {
    const score = (part: Part, rules: Rules, which: (one: Usable) => boolean = () => true): Promise<ScoredExamples> =>
      scoreExamples({
        served: { network, input: request.input, ...rules },
        predictor,
        kind: request.kind,
        examples: of(part)
          .filter(which)
          .map(({ example }) => example),
        picture: (example: Example) => dataset.source.picture(example),
        labelRules: request.labelRules,
      });
    const plain = provisionalRules(classes, objective, run.architecture.features);
    const calibration = await score('calibration', plain);
    const outputs = outputsOf(request, calibration);
    const chests = run.train.filter(({ truth }) => guardOutput < 0 || truth[guardOutput] !== 0);
    const training = (await predictAll(request.engine, network, { images: chests, cache, workers, input: request.input })).embeddings;
    // images that neither trained it nor, where there are enough others, will judge it
    const heldOut =
      chestsAmong(calibration, guardOutput).length >= minForGate
        ? chestsAmong(calibration, guardOutput)
        : chestsAmong(await score('validation', plain), guardOutput);
    const gate = fitFeatureGate(training, joined(heldOut), run.architecture.features);
    // what only the guard learns from has no finding to be judged by
    const validation = await score('validation', { outputs, objective, gate }, ({ truth }) =>
      truth.some((one, output) => one !== null && output !== guardOutput),
    );

    const drift =
      request.kind === 'xray'
        ? trainingReference({
            usable: chestsOf(usable, guardOutput),
            cache,
            held: [calibration, validation],
            rules: { outputs, objective, gate },
          })
        : undefined;

    const lineage = lineageOf(request, usable, startedAt);
    const { name, manufacturer, license } = request.model;
    const bare: Candidate = {
      name,
      manufacturer,
      license,
      created: startedAt.toISOString().slice(0, 10),
      networks: {
        [request.kind]: {
          architecture: request.architecture,
          tensors: trained.tensors,
          input: request.input,
          objective,
          outputs,
          gate,
          ...(request.study ? { study: request.study } : {}),
        },
      },
      lineage,
      ...(drift ? { reference: { [request.kind]: drift } } : {}),
      card: '',
    };
    const report = evaluateSet(validation.set, { dataset: { name: dataset.name, split: 'validation' }, seed: request.recipe.seed });
    const measured: EvaluationReport = { ...report, warnings: [...report.warnings, ...warnings] };
    const whole: Candidate = { ...bare, card: trainingCard(bare, measured) };
    // The card is part of what names a version.
    const complete: EvaluationReport = {
      ...measured,
      model: { name: bare.name, ...modelIdentity(filesOfCandidate(whole).file), network: request.kind },
    };
    return { finished: true, report: complete, warnings, candidate: { ...whole, metrics: { [request.kind]: complete } } };
  } finally {
    await predictor.release();
    await workers.close();
  }
}

interface Usable {
  readonly example: Example;
  readonly part: Part;
  readonly truth: readonly (0 | 1 | null)[];
}

/** With fewer calibration images the limit of the feature gate comes from the validation images. */
const minForGate = 20;
/** What is read before training; the test images are nobody's business here. */
const needed: ReadonlySet<Part> = new Set(['train', 'validation', 'calibration']);

async function readPictures({
  cache,
  dataset: { source, split },
  signal,
  onReading,
}: CandidateRequest): Promise<ReadonlyMap<string, string> | 'stopped'> {
  try {
    return await cache.fill(
      source,
      source.examples.filter((_, index) => needed.has(split.parts[index]!)),
      { signal, ...(onReading ? { onProgress: onReading } : {}) },
    );
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return 'stopped';
    throw error;
  }
}

/** Readable, of a part that is needed, and with a truth that the classes can tell. */
function usableExamples(
  { dataset: { source, split }, classes, objective, labelRules }: CandidateRequest,
  unreadable: ReadonlyMap<string, string>,
): readonly Usable[] {
  return (
    source.examples
      .map((example, index) => ({
        example,
        part: split.parts[index]!,
        truth: truthOf(example.labels, example.unknown ?? [], classes, labelRules),
      }))
      .filter(({ example, part }) => needed.has(part) && !unreadable.has(example.key))
      .filter(({ truth }) =>
        objective === 'one-of-many' ? truth.filter((one) => one === 1).length === 1 : truth.some((one) => one !== null),
      )
      // what the labels come to, so that everybody after counts the same
      .map((one) => ({
        ...one,
        example: {
          ...one.example,
          labels: classes.filter((_, output) => one.truth[output] === 1),
          unknown: classes.filter((_, output) => one.truth[output] === null),
        },
      }))
  );
}

function imageOf({ example: { key, source }, truth }: Usable, frontalChest: boolean): TrainingImage {
  return { key, source, truth, ...(frontalChest ? { frontalChest } : {}) };
}

function describeLeftOut(
  { dataset: { split }, objective }: CandidateRequest,
  unreadable: ReadonlyMap<string, string>,
  used: number,
): readonly string[] {
  const untold = split.parts.filter((part) => needed.has(part)).length - unreadable.size - used;
  return [
    ...(unreadable.size > 0 ? [`${unreadable.size} images could not be read and were left out (\`dataset verify\` names them)`] : []),
    ...(untold > 0
      ? [
          `${untold} images were left out: ${objective === 'one-of-many' ? 'none, or more than one,' : 'none'} of the classes can be told from their labels`,
        ]
      : []),
  ];
}

/** Of images of the kind that the network is made for, so many pass the guard's output. */
const guardPasses = 0.995;

function outputsOf({ objective, classes, guardClass }: CandidateRequest, { logits, set }: ScoredExamples): readonly OutputRule[] {
  return calibratedOutputs({ objective, classes, logits, yTrue: set.images.map(({ yTrue }) => yTrue) }).map((rule, output): OutputRule => {
    if (rule.name !== guardClass) return rule;
    const { name, temperature, bias } = rule;
    const chests = Float64Array.from(
      logits.filter((_, image) => set.images[image]!.yTrue[output] === 1),
      (row) => probabilityOf(row[output]!, { temperature, bias }),
    ).sort();
    const acceptFrom = chests.length === 0 ? 0.5 : Math.min(Math.max(quantile(chests, 1 - guardPasses), 0.05), 0.95);
    return { kind: 'gate', name, temperature, ...(bias === undefined ? {} : { bias }), acceptFrom: Number(acceptFrom.toFixed(3)) };
  });
}

/** What drift compares with is what is to come in: not what the guard is to refuse. */
function chestsOf(usable: readonly Usable[], guardOutput: number): readonly Usable[] {
  return usable.filter(({ truth }) => guardOutput < 0 || truth[guardOutput] !== 0);
}

function chestsAmong({ set, embeddings }: ScoredExamples, guardOutput: number): readonly Float32Array[] {
  return embeddings.filter((_, image) => guardOutput < 0 || set.images[image]!.yTrue[guardOutput] !== 0);
}

/** Nothing calibrated, nothing refused: to look at logits with. */
function provisionalRules(classes: readonly string[], objective: 'one-of-many' | 'several', features: number): Rules {
  const outputs = classes.map((name): FindingRule => ({ kind: 'finding', name, temperature: 1, absentBelow: 0.5, presentFrom: 0.5 }));
  return {
    outputs,
    objective,
    gate: { mean: new Float32Array(features), precision: new Float32Array(features * features), maxDistance: Infinity },
  };
}

function lineageOf(
  { dataset, initial, objective, input, recipe, engine, model, classes, clock }: CandidateRequest,
  usable: readonly Usable[],
  startedAt: Date,
): Lineage {
  const count = (of: (one: Usable) => string): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const one of usable) sums[of(one)] = (sums[of(one)] ?? 0) + 1;
    return sums;
  };
  return {
    parent: initial.parent,
    ...(initial.startedFrom === undefined ? {} : { startedFrom: initial.startedFrom }),
    dataset: {
      name: dataset.name,
      ...(dataset.sha256 === undefined ? {} : { sha256: dataset.sha256 }),
      images: usable.length,
      patients: new Set(usable.map(({ example }) => example.patient)).size,
      splits: count(({ part }) => part),
      sources: count(({ example }) => example.source || 'unknown'),
    },
    settings: { ...model.settings, objective, classes, input, recipe },
    seed: recipe.seed,
    engine: engine.description.name,
    codeVersion: model.codeVersion,
    startedAt: startedAt.toISOString(),
    endedAt: clock.now().toISOString(),
  };
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row, index * width));
  return all;
}
