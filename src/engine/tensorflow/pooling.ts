import * as tf from '@tensorflow/tfjs-core';
import type { PoolLayer } from '../../network/architecture.js';
import { paddingOf } from './convolution.js';

/** Below every activation: what PyTorch's minus infinity does, in a number that every backend can pad with. */
const lowest = -3.4e38;

/** The padded input of a maximum pooling; TensorFlow's own kernels know only its own kinds of padding. */
export function padForMaximum(layer: PoolLayer<'max-pool'>, x: tf.Tensor4D): tf.Tensor4D {
  return layer.padding === 0 ? tf.clone(x) : tf.pad4d(x, paddingOf(layer, x.shape), lowest);
}

/** @param x NHWC, padded already */
export function pool(layer: PoolLayer<'max-pool'> | PoolLayer<'average-pool'>, x: tf.Tensor4D): tf.Tensor4D {
  return layer.kind === 'max-pool'
    ? tf.maxPool(x, layer.kernel, layer.stride, 'valid')
    : tf.avgPool(x, layer.kernel, layer.stride, 'valid');
}
