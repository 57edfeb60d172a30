import * as tf from '@tensorflow/tfjs-core';

/** The running averages of a gradient and of its square. */
export interface Moments {
  readonly average: tf.Tensor;
  readonly averageSquare: tf.Tensor;
}

export interface TensorAdamWStep {
  readonly weight: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly moments: Moments;
  /** Factor of the gradient, for a global norm that was too large. */
  readonly clip: number;
  /** From 1. */
  readonly step: number;
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** One step of AdamW (Loshchilov & Hutter, arXiv 1711.05101) as `torch.optim.AdamW` takes it: the decay first, then Adam. */
export function tensorAdamW({ weight, gradient, moments, clip, step, rate, beta1, beta2, epsilon, weightDecay }: TensorAdamWStep): {
  readonly weight: tf.Tensor;
  readonly moments: Moments;
} {
  return tf.tidy(() => {
    const clipped = clip === 1 ? gradient : tf.mul(gradient, clip);
    const average = tf.add(tf.mul(moments.average, beta1), tf.mul(clipped, 1 - beta1));
    const averageSquare = tf.add(tf.mul(moments.averageSquare, beta2), tf.mul(tf.square(clipped), 1 - beta2));
    const deviation = tf.add(tf.mul(tf.sqrt(averageSquare), 1 / Math.sqrt(1 - beta2 ** step)), epsilon);
    const change = tf.mul(tf.div(average, deviation), rate / (1 - beta1 ** step));
    return { weight: tf.sub(tf.mul(weight, 1 - rate * weightDecay), change), moments: { average, averageSquare } };
  });
}
