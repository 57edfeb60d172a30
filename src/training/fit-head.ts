import { minimise } from '../evaluation/metrics/minimise.js';
import type { Truth } from '../evaluation/metrics/estimate.js';

/** A linear layer on an embedding: `weights` [outputs, features], `bias` [outputs]. */
export interface LinearHeadLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Embeddings of images and what is known about them. */
export interface LabelledEmbeddings {
  /** `images * features` */
  readonly embeddings: Float32Array;
  /** One row an image, one value an output; null where there is no label. */
  readonly truths: readonly (readonly Truth[])[];
  /** How much each label counts, by its origin; 1 where nothing is given. */
  readonly labelWeights?: readonly (readonly number[] | undefined)[] | undefined;
}

export interface HeadRequest {
  readonly features: number;
  readonly outputs: number;
  /** `several`: a sigmoid each; `one-of-many`: a softmax over the outputs. */
  readonly objective: 'several' | 'one-of-many';
  readonly train: LabelledEmbeddings;
  /** Chooses the penalty. */
  readonly validation: LabelledEmbeddings;
  /** The head that the network has: the penalty counts the distance from it. Without it, from zero. */
  readonly start?: LinearHeadLayer | undefined;
  /** Those that are tried; headPenalties if not given. */
  readonly penalties?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FittedHead extends LinearHeadLayer {
  /** Of each output; of one-of-many one for all. */
  readonly penalties: readonly number[];
}

/** From a head that moves hardly at all to one that follows the labels. */
const headPenalties: readonly number[] = [10, 1, 0.1, 0.01, 0.001];
/** A rare finding counts as much as a frequent one, up to this factor for each of its images. */
const maxClassWeight = 20;

/**
 * Logistic regression on embeddings of a frozen network: mean log loss, both sides of a finding (or all classes) with the same total
 * weight, plus `penalty/2 · |W − W₀|²` on standardised features (scikit-learn's `LogisticRegression(class_weight='balanced')` on a
 * `StandardScaler`), by L-BFGS. The penalty with the lowest loss on the validation images is used, of several findings for each its
 * own. The result is a layer for the features as they are.
 *
 * @throws RangeError if an output has no label among the training images
 */
export function fitHead(request: HeadRequest): FittedHead {
  const { objective, outputs } = request;
  if (objective === 'one-of-many') return fitJointly(request);
  const parts = Array.from({ length: outputs }, (_, output) => fitJointly(onlyOutput(request, output)));
  const features = request.features;
  const weights = new Float32Array(outputs * features);
  parts.forEach((part, output) => weights.set(part.weights, output * features));
  return { weights, bias: Float32Array.from(parts, ({ bias }) => bias[0]!), penalties: parts.flatMap(({ penalties }) => penalties) };
}

/** Findings are independent of each other. */
function onlyOutput(request: HeadRequest, output: number): HeadRequest {
  const { features, start } = request;
  const column = ({ embeddings, truths, labelWeights }: LabelledEmbeddings): LabelledEmbeddings => ({
    embeddings,
    truths: truths.map((row) => [row[output] ?? null]),
    labelWeights: labelWeights?.map((row) => (row ? [row[output]!] : undefined)),
  });
  return {
    ...request,
    outputs: 1,
    train: column(request.train),
    validation: column(request.validation),
    start: start && {
      weights: start.weights.subarray(output * features, (output + 1) * features),
      bias: start.bias.subarray(output, output + 1),
    },
  };
}

function fitJointly(request: HeadRequest): FittedHead {
  const scale = scalerOf(request.train.embeddings, request.features);
  const train = weightedSet(request, request.train, scale);
  const validation = weightedSet(request, request.validation, scale);
  if (train.total === 0) throw new RangeError('expected labels among the training images, found none');
  const first = startOf(request, scale);
  let parameters = first;
  let best: { readonly penalty: number; readonly loss: number; readonly parameters: Float64Array } | undefined;
  for (const penalty of request.penalties ?? headPenalties) {
    request.signal?.throwIfAborted();
    parameters = minimise((at, gradient) => penalisedLoss(at, gradient, train, first, penalty, request), Float64Array.from(parameters));
    const loss = meanLoss(parameters, validation.total > 0 ? validation : train, request);
    if (!best || loss < best.loss) best = { penalty, loss, parameters };
  }
  return { ...layerOf(best!.parameters, scale, request), penalties: [best!.penalty] };
}

interface Scaler {
  readonly mean: Float64Array;
  /** 1 for a feature that does not vary. */
  readonly deviation: Float64Array;
}

function scalerOf(embeddings: Float32Array, features: number): Scaler {
  const count = embeddings.length / features;
  const mean = new Float64Array(features);
  const squares = new Float64Array(features);
  for (let index = 0; index < embeddings.length; index++) mean[index % features]! += embeddings[index]! / count;
  for (let index = 0; index < embeddings.length; index++)
    squares[index % features]! += (embeddings[index]! - mean[index % features]!) ** 2 / count;
  return { mean, deviation: squares.map((square) => (square > 1e-12 ? Math.sqrt(square) : 1)) };
}

interface WeightedSet {
  /** Standardised, `images * features`. */
  readonly values: Float64Array;
  readonly truths: LabelledEmbeddings['truths'];
  /** `images * outputs`; 0 where there is no label. Of one-of-many all of an image are equal. */
  readonly weights: Float64Array;
  readonly total: number;
}

function weightedSet(
  { outputs, features, objective }: HeadRequest,
  { embeddings, truths, labelWeights }: LabelledEmbeddings,
  scale: Scaler,
): WeightedSet {
  const values = Float64Array.from(
    embeddings,
    (value, index) => (value - scale.mean[index % features]!) / scale.deviation[index % features]!,
  );
  const weights = new Float64Array(truths.length * outputs);
  const count = (of: (row: readonly Truth[]) => boolean): number => truths.filter(of).length;
  const share = (all: number, parts: number, part: number): number => Math.min(maxClassWeight, all / (parts * Math.max(1, part)));
  if (objective === 'one-of-many') {
    const labelled = count((row) => row.includes(1));
    const ofClass = Array.from({ length: outputs }, (_, output) =>
      share(
        labelled,
        outputs,
        count((row) => row[output] === 1),
      ),
    );
    truths.forEach((row, image) => weights.fill(row.includes(1) ? ofClass[row.indexOf(1)]! : 0, image * outputs, (image + 1) * outputs));
  } else
    for (let output = 0; output < outputs; output++) {
      const [present, absent] = [count((row) => row[output] === 1), count((row) => row[output] === 0)];
      truths.forEach((row, image) => {
        const truth = row[output] ?? null;
        if (truth !== null) weights[image * outputs + output] = share(present + absent, 2, truth === 1 ? present : absent);
      });
    }
  labelWeights?.forEach((row, image) => {
    row?.forEach((weight, output) => {
      weights[image * outputs + output]! *= weight;
    });
  });
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return { values, truths, weights, total: objective === 'one-of-many' ? sum / outputs : sum };
}

/** Rows of `features` weights and a bias, on standardised features. */
function startOf({ start, outputs, features }: HeadRequest, { mean, deviation }: Scaler): Float64Array {
  const parameters = new Float64Array(outputs * (features + 1));
  if (!start) return parameters;
  for (let output = 0; output < outputs; output++) {
    const at = output * (features + 1);
    let bias = start.bias[output]!;
    for (let feature = 0; feature < features; feature++) {
      const weight = start.weights[output * features + feature]!;
      parameters[at + feature] = weight * deviation[feature]!;
      bias += weight * mean[feature]!;
    }
    parameters[at + features] = bias;
  }
  return parameters;
}

function layerOf(parameters: Float64Array, { mean, deviation }: Scaler, { outputs, features }: HeadRequest): LinearHeadLayer {
  const weights = new Float32Array(outputs * features);
  const bias = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const at = output * (features + 1);
    let own = parameters[at + features]!;
    for (let feature = 0; feature < features; feature++) {
      const weight = parameters[at + feature]! / deviation[feature]!;
      weights[output * features + feature] = weight;
      own -= weight * mean[feature]!;
    }
    bias[output] = own;
  }
  return { weights, bias };
}

function penalisedLoss(
  parameters: Float64Array,
  gradient: Float64Array,
  set: WeightedSet,
  first: Float64Array,
  penalty: number,
  request: HeadRequest,
): number {
  gradient.fill(0);
  let loss = meanLoss(parameters, set, request, gradient);
  const width = request.features + 1;
  for (let index = 0; index < parameters.length; index++) {
    if (index % width === request.features) continue;
    const moved = parameters[index]! - first[index]!;
    loss += (penalty / 2) * moved * moved;
    gradient[index]! += penalty * moved;
  }
  return loss;
}

/** @param gradient to which that of the loss is added */
function meanLoss(
  parameters: Float64Array,
  { values, truths, weights, total }: WeightedSet,
  { outputs, features, objective }: HeadRequest,
  gradient?: Float64Array,
): number {
  const scores = new Float64Array(outputs);
  const width = features + 1;
  let loss = 0;
  truths.forEach((row, image) => {
    const from = image * features;
    for (let output = 0; output < outputs; output++) {
      let score = parameters[output * width + features]!;
      for (let feature = 0; feature < features; feature++) score += parameters[output * width + feature]! * values[from + feature]!;
      scores[output] = score;
    }
    // from scores to errors: probability less truth
    const normaliser = objective === 'one-of-many' ? logSumExp(scores) : 0;
    for (let output = 0; output < outputs; output++) {
      const weight = weights[image * outputs + output]! / total;
      if (weight === 0) continue;
      const score = scores[output]!;
      const isPresent = row[output] === 1;
      if (objective === 'one-of-many') loss += isPresent ? weight * (normaliser - score) : 0;
      else loss += weight * softplus(isPresent ? -score : score);
      if (!gradient) continue;
      const probability = objective === 'one-of-many' ? Math.exp(score - normaliser) : 1 / (1 + Math.exp(-score));
      const error = weight * (probability - (isPresent ? 1 : 0));
      for (let feature = 0; feature < features; feature++) gradient[output * width + feature]! += error * values[from + feature]!;
      gradient[output * width + features]! += error;
    }
  });
  return loss;
}

function logSumExp(scores: Float64Array): number {
  const most = Math.max(...scores);
  return most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
}

/** `log(1 + e^z)` without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
