import * as tf from '@tensorflow/tfjs-core';
import type { ConvLayer } from '../../network/architecture.js';
import { isUnpadded, paddingOf } from './convolution.js';
import { isDepthwise } from './layout.js';

type Shape4D = [number, number, number, number];

/**
 * Gradients of a convolution made of convolutions and matrix products, for a backend that has no kernels for them.
 *
 * Filter: ∂L/∂w[i,j,c,o] = Σ over n, y, x of in[n, y·s+i, x·s+j, c] · g[n,y,x,o]. With batch and channels exchanged that is a
 * convolution of the input with the gradient as its filter, dilated by the stride.
 */
export function composedFilterGradient(layer: ConvLayer, x: tf.Tensor4D, gradient: tf.Tensor4D, filterShape: Shape4D): tf.Tensor4D {
  const { stride } = layer;
  const [, rows, columns] = paddingOf(layer, x.shape);
  if (isDepthwise(layer)) return depthwiseFilterGradient(layer, x, gradient, filterShape);
  const [batch, height, width] = gradient.shape;
  const [kernelHeight, kernelWidth, inputChannels, outputChannels] = filterShape;
  if (kernelHeight === 1 && layer.padding === 0) {
    const seen =
      stride === 1
        ? x
        : tf.stridedSlice(
            x,
            [0, 0, 0, 0],
            [batch, (height - 1) * stride + 1, (width - 1) * stride + 1, inputChannels],
            [1, stride, stride, 1],
          );
    const pixels = batch * height * width;
    return tf.reshape(
      tf.matMul(tf.transpose(tf.reshape(seen, [pixels, inputChannels])), tf.reshape(gradient, [pixels, outputChannels])),
      filterShape,
    );
  }
  const asFilter = tf.transpose(gradient, [1, 2, 0, 3]) as tf.Tensor4D;
  const full = tf.conv2d(tf.transpose(x, [3, 1, 2, 0]) as tf.Tensor4D, asFilter, 1, [[0, 0], rows, columns, [0, 0]], 'NHWC', stride);
  // where the stride leaves a rest at the far side there are places more than the filter has
  return tf.transpose(tf.slice(full, [0, 0, 0, 0], [inputChannels, kernelHeight, kernelWidth, outputChannels]), [1, 2, 0, 3]);
}

/** Of the input: a convolution of the gradient, zeros put between its values for the stride, with the filter turned round. */
export function composedInputGradient(layer: ConvLayer, shape: Shape4D, gradient: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const { stride, kernel } = layer;
  const spread = spreadOut(gradient, stride);
  const [, height, width] = shape;
  const [, [top], [left]] = paddingOf(layer, shape);
  const [above, beside] = [kernel - 1 - top, kernel - 1 - left];
  const pad: [[number, number], [number, number], [number, number], [number, number]] = [
    [0, 0],
    [above, height - 1 + kernel - spread.shape[1] - above],
    [beside, width - 1 + kernel - spread.shape[2] - beside],
    [0, 0],
  ];
  const turned = kernel === 1 ? filter : tf.reverse(filter, [0, 1]);
  // padded by itself: a 1 × 1 filter with padding is not what XNNPACK was tried with
  const padded = tf.pad4d(spread, pad);
  return isDepthwise(layer)
    ? tf.depthwiseConv2d(padded, turned, 1, 'valid')
    : tf.conv2d(padded, tf.transpose(turned, [0, 1, 3, 2]) as tf.Tensor4D, 1, 'valid');
}

/** `stride − 1` zeros between neighbours along height and width, none after the last. */
function spreadOut(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (stride === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const wide = tf.reshape(
    tf.pad(tf.reshape(x, [batch * height * width, 1, channels]), [
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ]),
    [batch * height, 1, width * stride * channels],
  );
  const high = tf.reshape(
    tf.pad(wide as tf.Tensor3D, [
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ]),
    [batch, height * stride, width * stride, channels],
  );
  return tf.slice(high as tf.Tensor4D, [0, 0, 0, 0], [batch, (height - 1) * stride + 1, (width - 1) * stride + 1, channels]);
}

/** One place of the filter after the other: there are nine. */
function depthwiseFilterGradient(
  layer: ConvLayer,
  x: tf.Tensor4D,
  gradient: tf.Tensor4D,
  [kernelHeight, kernelWidth, channels]: Shape4D,
): tf.Tensor4D {
  const [batch, height, width] = gradient.shape;
  const { stride } = layer;
  const padding = paddingOf(layer, x.shape);
  const padded = isUnpadded(padding) ? x : tf.pad4d(x, padding);
  const places = Array.from({ length: kernelHeight * kernelWidth }, (_, index) =>
    tf.tidy(() => {
      const [row, column] = [Math.floor(index / kernelWidth), index % kernelWidth];
      const end = [batch, row + (height - 1) * stride + 1, column + (width - 1) * stride + 1, channels];
      const seen = tf.stridedSlice(
        padded,
        [0, row, column, 0],
        end,
        [1, 1, 1, 1].map((one, axis) => (axis === 1 || axis === 2 ? stride : one)),
      );
      return tf.sum(tf.mul(seen, gradient), [0, 1, 2]);
    }),
  );
  return tf.reshape(tf.stack(places), [kernelHeight, kernelWidth, channels, 1]);
}
