import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePartsFile } from '../dataset/parts-file.js';
import type { Part } from '../dataset/split.js';
import { withNewHead } from '../engine/foreign/with-new-head.js';
import { Fault } from '../errors.js';
import type { FindingRule, OutputRule } from '../evaluation/rules.js';
import type { ForeignGraph } from '../network/foreign-graph.js';
import type { NetworkFile } from '../registry/model-file.js';
import { fitHead, type FittedHead, type LabelledEmbeddings, type LinearHeadLayer } from '../training/fit-head.js';
import { calibrateNetwork } from './calibrate-network.js';
import { candidateOf } from './candidate-of-network.js';
import type { CandidateBasis, CandidateOutcome, UsableExample } from './candidate-request.js';
import { frozenScores, type FrozenScores } from './frozen-embeddings.js';
import { publishedHead } from './published-head.js';
import { imageOf, readPictures, usableExamples, warningsOfImages } from './usable-examples.js';

/** A graph of others whose body stays as it is, and the labelled images for a new head. */
export interface FrozenHeadRequest extends CandidateBasis {
  readonly graph: ForeignGraph;
  /** How the graph's outputs are read now. `classes` are the findings among them that are trained; the others keep head and rules. */
  readonly outputs: NetworkFile['outputs'];
}

/**
 * Labelled images → candidate: the images go through the frozen graph once, a linear head is fitted on their embeddings beginning
 * with the head that the graph has, and it is calibrated, guarded and evaluated as a trained network is. If the signal stops it, the
 * embeddings stay on disk, and the same request continues from there.
 *
 * @throws Fault dataset-invalid (too few images, or findings without labels beside a head that cannot be read), model-invalid without an embedding
 */
export async function trainFrozenHead(request: FrozenHeadRequest): Promise<CandidateOutcome> {
  const { graph, classes, dataset, directory, clock, recipe } = request;
  const startedAt = clock.now();
  const features = graph.embedding?.features;
  if (features === undefined)
    throw new Fault(
      'model-invalid',
      'a new head needs an embedding, and none was found in the graph; name one with --embedding when the model is adopted',
    );
  const unreadable = await readPictures(request);
  if (unreadable === 'stopped') return { finished: false, position: { stage: 0, epoch: 0, batch: 0 }, warnings: [] };
  const usable = usableExamples(request, unreadable);
  const warnings = warningsOfImages(request, usable, unreadable);
  const parts = { train: partOf(usable, 'train'), validation: partOf(usable, 'validation') };
  if (parts.train.length === 0 || parts.validation.length === 0)
    throw new Fault(
      'dataset-invalid',
      `expected images for training and validation that ${classes.join(', ')} can describe, found ${parts.train.length} and ${parts.validation.length}`,
    );

  await mkdir(directory, { recursive: true });
  await request.onBegin?.();
  await writePartsFile(join(directory, 'parts.jsonl'), dataset.source.examples, dataset.split.parts);
  const scores = await scoresOf([...parts.train, ...parts.validation], request, features);
  if ('stopped' in scores) return { finished: false, position: { stage: 0, epoch: 0, batch: scores.stopped }, warnings };

  const published = publishedHead(graph, scores, features);
  const head = trainedHead(request, parts, scores, features, published);
  const trainedGraph = withNewHead(graph, head);
  const trainImages = parts.train.map((one) => imageOf(one, true, recipe));
  const calibrated = await calibrateNetwork(request, trainedGraph, usable, trainImages);
  const whole = wholeHead(request, head, published, features);
  return {
    finished: true,
    warnings,
    ...candidateOf(
      request,
      { graph: withNewHead(graph, whole) },
      { usable, calibrated, warnings, startedAt, outputs: wholeOutputs(request, calibrated.rules.outputs) },
    ),
  };
}

function partOf(usable: readonly UsableExample[], part: Part): readonly UsableExample[] {
  return usable.filter((one) => one.part === part);
}

async function scoresOf(
  examples: readonly UsableExample[],
  { directory, graph, engine, cache, input, recipe, workers, signal }: FrozenHeadRequest,
  features: number,
): Promise<FrozenScores | { readonly stopped: number }> {
  const predictor = await engine.load(graph);
  try {
    return await frozenScores({
      images: examples.map((one) => imageOf(one, true, recipe)),
      directory: join(directory, 'embeddings'),
      predictor,
      features,
      outputs: graph.outputs,
      cache,
      input,
      workers,
      signal,
    });
  } finally {
    await predictor.release();
  }
}

interface Parts {
  readonly train: readonly UsableExample[];
  readonly validation: readonly UsableExample[];
}

/** One row for each class. */
function trainedHead(
  { classes, objective, outputs, recipe, signal }: FrozenHeadRequest,
  { train, validation }: Parts,
  { embeddings }: FrozenScores,
  features: number,
  published: LinearHeadLayer | undefined,
): FittedHead {
  const labelled = (part: readonly UsableExample[], from: number): LabelledEmbeddings => ({
    embeddings: embeddings.subarray(from * features, (from + part.length) * features),
    truths: part.map(({ truth }) => truth),
    labelWeights: part.map((one) => imageOf(one, true, recipe).weights),
  });
  try {
    return fitHead({
      features,
      outputs: classes.length,
      objective,
      train: labelled(train, 0),
      validation: labelled(validation, train.length),
      start:
        published &&
        rowsOf(
          published,
          classes.map((name) => placeOf(name, outputs)),
          features,
        ),
      signal,
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Fault('dataset-invalid', `the new head cannot be fitted: ${cause.message}`, {}, { cause });
  }
}

function placeOf(name: string, outputs: NetworkFile['outputs']): number {
  return outputs.findIndex((output) => output.name === name);
}

function rowsOf({ weights, bias }: LinearHeadLayer, places: readonly number[], features: number): LinearHeadLayer {
  const rows = new Float32Array(places.length * features);
  places.forEach((place, row) => rows.set(weights.subarray(place * features, (place + 1) * features), row * features));
  return { weights: rows, bias: Float32Array.from(places, (place) => bias[place]!) };
}

/** Every output of the graph in its order: the trained rows, and of all others the published ones. */
function wholeHead(
  { outputs, classes }: FrozenHeadRequest,
  trained: LinearHeadLayer,
  published: LinearHeadLayer | undefined,
  features: number,
): LinearHeadLayer {
  const others = outputs.filter(({ name }) => !classes.includes(name));
  if (others.length > 0 && !published)
    throw new Fault(
      'dataset-invalid',
      `expected labels of every output, or a graph whose head is a linear layer on its pooled features, found no labels of ${others.map(({ name }) => name).join(', ')}: a new head would lose them`,
    );
  const weights = new Float32Array(outputs.length * features);
  const bias = new Float32Array(outputs.length);
  outputs.forEach(({ name }, place) => {
    const row = classes.indexOf(name);
    const [from, at] = row >= 0 ? [trained, row] : [published!, place];
    weights.set(from.weights.subarray(at * features, (at + 1) * features), place * features);
    bias[place] = from.bias[at]!;
  });
  return { weights, bias };
}

/** Trained findings are calibrated here. */
function wholeOutputs({ outputs }: FrozenHeadRequest, trained: readonly OutputRule[]): NetworkFile['outputs'] {
  return outputs.map((output) => {
    const rule = trained.find((one): one is FindingRule => one.kind === 'finding' && one.name === output.name);
    return rule ? { ...rule, calibratedHere: true } : output;
  });
}
