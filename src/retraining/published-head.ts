import type { ForeignGraph } from '../network/foreign-graph.js';
import type { LinearHeadLayer } from '../training/fit-head.js';
import type { FrozenScores } from './frozen-embeddings.js';

/** Largest deviation of a logit from the layer's, as a share of the logits' spread. */
const tolerance = 1e-2;

/**
 * The head of a graph as a linear layer on its embedding: the weights of its class activation maps, if the logits that the graph gave
 * are those of such a layer. The bias follows from the logits.
 *
 * @returns undefined if the graph names no such weights, or if its logits are something else (another embedding, layers between)
 */
export function publishedHead(
  { classActivation, outputs }: Pick<ForeignGraph, 'classActivation' | 'outputs'>,
  { embeddings, logits }: FrozenScores,
  features: number,
): LinearHeadLayer | undefined {
  if (!classActivation || classActivation.channels !== features) return undefined;
  const weights = classActivation.headWeights;
  const count = logits.length / outputs;
  const bias = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const values = Float64Array.from({ length: count }, (_, image) => logits[image * outputs + output]!);
    const rests = values.map((value, image) => {
      let product = 0;
      for (let feature = 0; feature < features; feature++)
        product += weights[output * features + feature]! * embeddings[image * features + feature]!;
      return value - product;
    });
    const [mean, spread] = [meanOf(rests), largestDeviation(values, meanOf(values))];
    if (largestDeviation(rests, mean) > tolerance * Math.max(spread, 1e-6)) return undefined;
    bias[output] = mean;
  }
  return { weights, bias };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function largestDeviation(values: Float64Array, from: number): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value - from)), 0);
}
