import * as tf from '@tensorflow/tfjs-core';
import type { ConvLayer, PoolLayer } from '../../network/architecture.js';
import { paddingAlong } from '../../network/conv-padding.js';
import { isDepthwise } from './layout.js';

export type FullPadding = [[number, number], [number, number], [number, number], [number, number]];

/**
 * PyTorch pads both sides alike, TensorFlow's `same` does not: padding is always given in full.
 *
 * @param shape of the input, NHWC
 */
export function paddingOf(layer: ConvLayer | PoolLayer<'max-pool'>, [, height, width]: readonly number[]): FullPadding {
  return [[0, 0], [...paddingAlong(layer, height!)], [...paddingAlong(layer, width!)], [0, 0]];
}

/** Whether nothing is padded. */
export function isUnpadded(padding: FullPadding): boolean {
  return padding.every(([before, after]) => before === 0 && after === 0);
}

/** @param x NHWC @param filter HWIO or HWC1 (see layout.ts) */
export function convolve(layer: ConvLayer, x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const full = paddingOf(layer, x.shape);
  const padding = isUnpadded(full) ? 'valid' : full;
  return isDepthwise(layer) ? tf.depthwiseConv2d(x, filter, layer.stride, padding) : tf.conv2d(x, filter, layer.stride, padding);
}
