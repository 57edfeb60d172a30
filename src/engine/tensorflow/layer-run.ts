import type * as tf from '@tensorflow/tfjs-core';

/**
 * Gradients of the layer's inputs, in their order (none where they are not wanted), and of its parameters by their last name:
 * `weight`, `bias`. A type and not readonly, because that is what TensorFlow.js takes for a container of tensors.
 */
export type LayerGradients = { inputs: tf.Tensor[]; parameters: [string, tf.Tensor][] };

/** What the backward pass needs to know from a layer. */
export interface Wanted {
  readonly inputs: boolean;
  readonly parameters: boolean;
}

/** A layer that was computed in training: what came out, and how a gradient goes back through it. */
export interface LayerRun {
  readonly output: tf.Tensor;
  /** Kept for the backward pass besides the layer's input and output; to be disposed of after it. */
  readonly kept?: readonly tf.Tensor[];
  /** What a batch norm saw in this batch: mean and unbiased variance of every channel. */
  readonly statistics?: { readonly mean: tf.Tensor; readonly variance: tf.Tensor };
  /** @param gradient of the loss with respect to the output; the caller disposes of it */
  backward(gradient: tf.Tensor, wanted: Wanted): LayerGradients;
}
