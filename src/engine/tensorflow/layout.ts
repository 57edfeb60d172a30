import * as tf from '@tensorflow/tfjs-core';
import type { ConvLayer } from '../../network/architecture.js';
import type { Tensor } from '../../network/safetensors.js';
import type { InputBatch } from '../engine.js';

/*
 * Outside everything is as PyTorch has it: activations NCHW, filters OIHW. TensorFlow.js computes NHWC and HWIO, on the
 * processor nothing else. What crosses over is turned here.
 */

/** Of a depthwise convolution, whose every channel has a filter of its own. */
export function isDepthwise({ groups, inputChannels, outputChannels, name }: ConvLayer): boolean {
  if (groups === 1) return false;
  if (groups === inputChannels && groups === outputChannels) return true;
  throw new Error(`layer ${name}: ${groups} groups for ${inputChannels} channels are not described for TensorFlow.js`);
}

/** OIHW → HWIO, OI → 11IO; of a depthwise convolution [C, 1, H, W] → HWC1. */
export function toFilter(layer: ConvLayer, { shape, data }: Tensor): tf.Tensor4D {
  const [outputs, inputs, height = 1, width = 1] = shape as readonly [number, number, number?, number?];
  return tf.tidy(() => tf.transpose(tf.tensor4d(data, [outputs, inputs, height, width]), isDepthwise(layer) ? [2, 3, 0, 1] : [2, 3, 1, 0]));
}

/** HWIO → OIHW, the inverse of toFilter. */
export function fromFilter(layer: ConvLayer, filter: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const turned = tf.transpose(filter as tf.Tensor4D, isDepthwise(layer) ? [2, 3, 0, 1] : [3, 2, 0, 1]);
    return layer.flat ? tf.reshape(turned, [layer.outputChannels, layer.inputChannels]) : turned;
  });
}

/** NCHW → NHWC. */
export function toActivations({ data, batch, channels, height, width }: InputBatch): tf.Tensor4D {
  return tf.tidy(() => tf.transpose(tf.tensor4d(data, [batch, channels, height, width]), [0, 2, 3, 1]));
}
