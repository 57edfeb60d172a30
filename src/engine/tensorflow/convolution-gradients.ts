import * as tf from '@tensorflow/tfjs-core';
import type { ConvLayer } from '../../network/architecture.js';
import { isUnpadded, paddingOf } from './convolution.js';
import { composedFilterGradient, composedInputGradient } from './composed-gradients.js';
import { isDepthwise } from './layout.js';

/*
 * The kernels of TensorFlow know only its own kinds of padding when they go backwards. So the input is padded first and the
 * convolution taken as one without padding; the gradient of the padding is cut off.
 *
 * The WASM backend has no kernel for the gradient of a filter, and one for the input that is slower than what is composed of
 * convolutions (see composed-gradients.ts).
 */

type Shape4D = [number, number, number, number];

/** @returns the gradient of the filter, HWIO or HWC1 */
export function filterGradient(layer: ConvLayer, x: tf.Tensor4D, gradient: tf.Tensor4D, filterShape: Shape4D): tf.Tensor4D {
  return tf.tidy(() => {
    if (tf.getBackend() === 'wasm') return composedFilterGradient(layer, x, gradient, filterShape);
    const padding = paddingOf(layer, x.shape);
    const padded = isUnpadded(padding) ? x : tf.pad4d(x, padding);
    const kernel = isDepthwise(layer) ? 'DepthwiseConv2dNativeBackpropFilter' : 'Conv2DBackpropFilter';
    return run(kernel, { x: padded, dy: gradient }, { ...attributes(layer), filterShape });
  });
}

/** @returns the gradient of the input, NHWC */
export function inputGradient(layer: ConvLayer, inputShape: Shape4D, gradient: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    if (tf.getBackend() === 'wasm') return composedInputGradient(layer, inputShape, gradient, filter);
    const [batch, height, width, channels] = inputShape;
    const padding = paddingOf(layer, inputShape);
    const [, [top, bottom], [left, right]] = padding;
    const kernel = isDepthwise(layer) ? 'DepthwiseConv2dNativeBackpropInput' : 'Conv2DBackpropInput';
    const padded = run(
      kernel,
      { dy: gradient, filter },
      { ...attributes(layer), inputShape: [batch, top + height + bottom, left + width + right, channels] },
    );
    return isUnpadded(padding) ? padded : tf.slice(padded, [0, top, left, 0], inputShape);
  });
}

function attributes({ stride }: ConvLayer): object {
  return { strides: [stride, stride], pad: 'valid', dataFormat: 'NHWC', dilations: [1, 1] };
}

function run(kernel: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor4D {
  return tf.engine().runKernel(kernel, inputs as unknown as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as tf.Tensor4D;
}
