import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormLayer } from '../../network/architecture.js';
import type { LayerRun } from './layer-run.js';

/** PyTorch's default: running = 0.9 · running + 0.1 · batch. */
export const statisticsMomentum = 0.1;

/**
 * Batch norm with the statistics of the batch (Ioffe & Szegedy 2015, arXiv 1502.03167), as `torch.nn.BatchNorm2d` in training:
 * normalised by the biased variance, the unbiased one goes into the running statistics.
 *
 * @param x NHWC or NC
 * @throws RangeError if there is one value a channel only
 */
export function runBatchNorm({ name, epsilon, channels }: BatchNormLayer, x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): LayerRun {
  const count = x.size / channels;
  if (count < 2)
    throw new RangeError(`batch norm ${name}: expected more than one value a channel in training, found ${count}; take a larger batch`);
  const { output, normalised, inverse, mean, variance } = tf.tidy(() => {
    const flat = tf.reshape(x, [count, channels]);
    const average = tf.mean(flat, 0);
    const centred = tf.sub(flat, average);
    const biased = tf.mean(tf.square(centred), 0);
    const inverseDeviation = tf.rsqrt(tf.add(biased, epsilon));
    const scaled = tf.mul(centred, inverseDeviation);
    return {
      output: tf.reshape(tf.add(tf.mul(scaled, weight), bias), x.shape),
      normalised: scaled,
      inverse: inverseDeviation,
      mean: average,
      variance: tf.mul(biased, count / (count - 1)),
    };
  });
  return {
    output,
    kept: [normalised, inverse],
    statistics: { mean, variance },
    backward: (gradient, wanted) => {
      const flat = tf.reshape(gradient, [count, channels]);
      const biasGradient = tf.sum(flat, 0);
      const weightGradient = tf.sum(tf.mul(flat, normalised), 0);
      const through = (): tf.Tensor => {
        const shared = tf.add(biasGradient, tf.mul(normalised, weightGradient));
        return tf.reshape(tf.mul(tf.sub(flat, tf.div(shared, count)), tf.mul(weight, inverse)), x.shape);
      };
      return {
        inputs: wanted.inputs ? [through()] : [],
        parameters: [
          ['weight', weightGradient],
          ['bias', biasGradient],
        ],
      };
    },
  };
}

/** With the running statistics, which stay as they are: `y = x · scale + shift`. */
export function runStillBatchNorm(
  { epsilon }: BatchNormLayer,
  x: tf.Tensor,
  [weight, bias, mean, variance]: readonly tf.Tensor[],
): LayerRun {
  const { output, scale } = tf.tidy(() => {
    const factor = tf.mul(weight!, tf.rsqrt(tf.add(variance!, epsilon)));
    return { output: tf.add(tf.mul(x, factor), tf.sub(bias!, tf.mul(mean!, factor))), scale: factor };
  });
  return {
    output,
    kept: [scale],
    backward: (gradient, wanted) => ({ inputs: wanted.inputs ? [tf.mul(gradient, scale)] : [], parameters: [] }),
  };
}
