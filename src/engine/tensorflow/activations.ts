import * as tf from '@tensorflow/tfjs-core';
import type { ActivationLayer } from '../../network/architecture.js';

/** σ(x), x · σ(x), or x · Φ(x) with the error function itself. */
export function activate(kind: ActivationLayer['kind'], x: tf.Tensor): tf.Tensor {
  switch (kind) {
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'gelu':
      return tf.mul(x, normalDistribution(x));
  }
}

/** Of the activation at what it read. */
export function activationSlope(kind: ActivationLayer['kind'], x: tf.Tensor): tf.Tensor {
  if (kind === 'gelu') return tf.add(normalDistribution(x), tf.mul(x, normalDensity(x)));
  const open = tf.sigmoid(x);
  const closed = tf.sub(1, open);
  return kind === 'sigmoid' ? tf.mul(open, closed) : tf.mul(open, tf.add(1, tf.mul(x, closed)));
}

/** Φ(x). */
function normalDistribution(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function normalDensity(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
}

/** x less the mean of its channels (the last axis), over their deviation: with `inverse` = 1 / √(variance + epsilon). */
export function normaliseChannels(x: tf.Tensor, epsilon: number): { readonly normalised: tf.Tensor; readonly inverse: tf.Tensor } {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return { normalised: tf.mul(centred, inverse), inverse };
}
