import * as tf from '@tensorflow/tfjs-core';
import type { ConvLayer } from '../../network/architecture.js';
import { isDepthwise } from './layout.js';

export type Padding = [[number, number], [number, number], [number, number], [number, number]];

/** PyTorch pads both sides alike, TensorFlow's `same` does not: padding is always given in full. */
export function paddingOf({ padding }: { readonly padding: number }): Padding {
  return [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ];
}

/** @param x NHWC @param filter HWIO or HWC1 (see layout.ts) */
export function convolve(layer: ConvLayer, x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const padding = layer.padding === 0 ? 'valid' : paddingOf(layer);
  return isDepthwise(layer) ? tf.depthwiseConv2d(x, filter, layer.stride, padding) : tf.conv2d(x, filter, layer.stride, padding);
}
