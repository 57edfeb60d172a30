import type { ForeignGraph } from '../../network/foreign-graph.js';

/* From what a graph of others yields to what a Prediction contains; the same for every runtime. */

/** A tensor as a runtime yields it. */
export interface YieldedTensor {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** Nearest to 0 and 1 that a probability of float32 is taken for: beyond, a score would be infinite. */
const minProbability = 1e-7;

/** Scores before the activation: the logit of a sigmoid, the logarithm of a softmax (which softmax turns into the same probabilities). */
export function toLogits(values: Float32Array, activation: ForeignGraph['output']['activation']): Float32Array {
  if (activation === 'none') return values;
  return values.map((value) => {
    // what is no probability is left for the check of the prediction
    if (!(value >= -1e-4 && value <= 1 + 1e-4)) return NaN;
    const probability = Math.min(Math.max(value, minProbability), 1 - minProbability);
    return activation === 'sigmoid' ? Math.log(probability / (1 - probability)) : Math.log(Math.max(value, minProbability));
  });
}

/** [batch, width] of whatever has the batch in front and only one other dimension that is not 1. @throws Error for anything else */
export function asRows(
  { dims, values }: YieldedTensor,
  batch: number,
  what: string,
): { readonly width: number; readonly values: Float32Array } {
  const others = dims.slice(1).filter((size) => size !== 1);
  if (dims[0] !== batch || others.length > 1) throw new Error(`${what}: expected [${batch}, outputs], found [${dims.join(', ')}]`);
  return { width: others[0] ?? 1, values };
}

export interface ActivationMaps {
  readonly activationMaps: Float32Array;
  readonly mapHeight: number;
  readonly mapWidth: number;
}

export const noMaps: ActivationMaps = { activationMaps: new Float32Array(0), mapHeight: 0, mapWidth: 0 };

/**
 * Class activation maps (Zhou et al. 2016, arXiv 1512.04150): `ReLU(Σ_k w_k A_k) / (h·w)`, which is Grad-CAM of a head of average pooling
 * and one linear layer.
 *
 * @param featureMap [batch, channels, h, w] or [batch, h, w, channels]
 * @throws Error if the map is not of the channels that the head reads
 */
export function classActivationMaps(
  { dims, values }: YieldedTensor,
  { headWeights, channels, featureMap: name }: NonNullable<ForeignGraph['classActivation']>,
  layout: 'NCHW' | 'NHWC',
): ActivationMaps {
  const [batch, one, two, three] = dims as [number, number, number, number];
  const [found, height, width] = layout === 'NCHW' ? [one, two, three] : [three, one, two];
  if (dims.length !== 4 || found !== channels)
    throw new Error(`feature map ${name}: expected ${channels} channels ${layout}, found [${dims.join(', ')}]`);
  const outputs = headWeights.length / channels;
  const places = height * width;
  const maps = new Float32Array(batch * outputs * places);
  const [stepOfChannel, stepOfPlace] = layout === 'NCHW' ? [places, 1] : [1, channels];
  for (let image = 0; image < batch; image++)
    for (let output = 0; output < outputs; output++) {
      const target = maps.subarray((image * outputs + output) * places, (image * outputs + output + 1) * places);
      for (let channel = 0; channel < channels; channel++) {
        const weight = headWeights[output * channels + channel]!;
        let at = image * channels * places + channel * stepOfChannel;
        for (let place = 0; place < places; place++, at += stepOfPlace) target[place]! += weight * values[at]!;
      }
      for (let place = 0; place < places; place++) target[place] = Math.max(0, target[place]!) / places;
    }
  return { activationMaps: maps, mapHeight: height, mapWidth: width };
}

/** NCHW → NHWC. */
export function toChannelsLast(data: Float32Array, batch: number, channels: number, height: number, width: number): Float32Array {
  if (channels === 1) return data;
  const places = height * width;
  const turned = new Float32Array(data.length);
  for (let image = 0; image < batch; image++)
    for (let channel = 0; channel < channels; channel++) {
      const from = (image * channels + channel) * places;
      let to = image * places * channels + channel;
      for (let place = 0; place < places; place++, to += channels) turned[to] = data[from + place]!;
    }
  return turned;
}
