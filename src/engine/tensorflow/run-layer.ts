import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormLayer, ConvLayer, LayerNode, LayerNormLayer } from '../../network/architecture.js';
import { runBatchNorm, runStillBatchNorm } from './batch-norm.js';
import { activate, activationSlope, normaliseChannels } from './activations.js';
import { convolve } from './convolution.js';
import { filterGradient, inputGradient } from './convolution-gradients.js';
import { rectify } from './inference.js';
import type { LayerRun } from './layer-run.js';
import { padForMaximum, pool } from './pooling.js';

/** What a layer needs besides its inputs. */
export interface LayerContext {
  /** A tensor of the layer by its last name, in the backend's layout. */
  parameter(name: string): tf.Tensor;
  /** Whether a batch norm takes its statistics from the batch. */
  readonly batchStatistics: boolean;
  /** `batch × features` factors of a dropout layer. */
  mask(count: number): Float32Array;
}

type Shape4D = [number, number, number, number];

/** Computes a layer as it is in training. */
export function runLayer(layer: LayerNode, inputs: readonly tf.Tensor[], context: LayerContext): LayerRun {
  const x = inputs[0]!;
  switch (layer.kind) {
    case 'conv':
      return convolution(layer, x as tf.Tensor4D, context);
    case 'layer-norm':
      return layerNorm(layer, x, context);
    case 'silu':
    case 'gelu':
    case 'sigmoid':
      return {
        output: tf.tidy(() => activate(layer.kind, x)),
        backward: (gradient) => through(tf.tidy(() => tf.mul(gradient, activationSlope(layer.kind, x)))),
      };
    case 'spatial-mean': {
      const [, height, width] = x.shape as Shape4D;
      const spread = (gradient: tf.Tensor) => tf.tile(tf.div(gradient, height * width), [1, height, width, 1]);
      return { output: tf.mean(x, [1, 2], true), backward: (gradient) => through(spread(gradient)) };
    }
    case 'gate': {
      const factor = inputs[1]!;
      return {
        output: tf.mul(x, factor),
        backward: (gradient) => ({ inputs: [tf.mul(gradient, factor), tf.sum(tf.mul(gradient, x), [1, 2], true)], parameters: [] }),
      };
    }
    case 'scale': {
      const factor = context.parameter('layer_scale');
      const flat = tf.reshape(factor, [layer.channels]);
      return {
        output: tf.mul(x, flat),
        kept: [flat],
        backward: (gradient, wanted) => ({
          inputs: wanted.inputs ? [tf.mul(gradient, flat)] : [],
          parameters: wanted.parameters ? [['layer_scale', tf.reshape(tf.sum(tf.mul(gradient, x), [0, 1, 2]), factor.shape)]] : [],
        }),
      };
    }
    case 'batch-norm':
      return batchNorm(layer, x, context);
    case 'relu': {
      const output = rectify(x, layer.ceiling);
      return { output, backward: (gradient) => through(tf.mul(gradient, open(output, layer.ceiling))) };
    }
    case 'max-pool':
    case 'average-pool':
      return pooling(layer, x as tf.Tensor4D);
    case 'global-average-pool': {
      const [batch, height, width, channels] = x.shape as Shape4D;
      const spread = (gradient: tf.Tensor) =>
        tf.tile(tf.reshape(tf.div(gradient, height * width), [batch, 1, 1, channels]), [1, height, width, 1]);
      return { output: tf.mean(x, [1, 2]), backward: (gradient) => through(spread(gradient)) };
    }
    case 'global-max-pool':
      return globalMaximum(x as tf.Tensor4D);
    case 'add':
      return {
        output: tf.add(x, inputs[1]!),
        backward: (gradient) => ({ inputs: [tf.clone(gradient), tf.clone(gradient)], parameters: [] }),
      };
    case 'concat': {
      const widths = inputs.map(({ shape }) => shape.at(-1)!);
      return { output: tf.concat([...inputs], -1), backward: (gradient) => ({ inputs: tf.split(gradient, widths, -1), parameters: [] }) };
    }
    case 'linear': {
      const [weight, bias] = [context.parameter('weight'), context.parameter('bias')];
      return {
        output: tf.tidy(() => tf.add(tf.matMul(x, weight, false, true), bias)),
        backward: (gradient, wanted) => ({
          inputs: wanted.inputs ? [tf.matMul(gradient, weight)] : [],
          parameters: wanted.parameters
            ? [
                ['weight', tf.matMul(gradient, x, true, false)],
                ['bias', tf.sum(gradient, 0)],
              ]
            : [],
        }),
      };
    }
    case 'dropout': {
      if (x.rank !== 2) throw new Error(`dropout ${layer.name} of images is not described`);
      const mask = tf.tensor(context.mask(x.size), x.shape);
      return { output: tf.mul(x, mask), kept: [mask], backward: (gradient) => through(tf.mul(gradient, mask)) };
    }
  }
}

function through(gradient: tf.Tensor) {
  return { inputs: [gradient], parameters: [] };
}

/** 1 where a rectified value follows its input, 0 where it was clipped. */
function open(output: tf.Tensor, ceiling: number | undefined): tf.Tensor {
  const above = tf.step(output);
  return ceiling === undefined ? above : tf.mul(above, tf.step(tf.sub(ceiling, output)));
}

function convolution(layer: ConvLayer, image: tf.Tensor4D, { parameter }: LayerContext): LayerRun {
  const filter = parameter('weight') as tf.Tensor4D;
  const ofParameters = (gradient: tf.Tensor4D): [string, tf.Tensor][] => [
    ['weight', filterGradient(layer, image, gradient, filter.shape)],
    ...(layer.bias ? [['bias', tf.sum(gradient, [0, 1, 2])] as [string, tf.Tensor]] : []),
  ];
  return {
    output: tf.tidy(() => (layer.bias ? tf.add(convolve(layer, image, filter), parameter('bias')) : convolve(layer, image, filter))),
    backward: (gradient, wanted) => ({
      inputs: wanted.inputs ? [inputGradient(layer, image.shape, gradient as tf.Tensor4D, filter)] : [],
      parameters: wanted.parameters ? ofParameters(gradient as tf.Tensor4D) : [],
    }),
  };
}

/** With g = weight · dy: `dx = inverse · (g − mean(g) − x̂ · mean(g · x̂))`, the means over the channels of each place. */
function layerNorm({ epsilon, channels }: LayerNormLayer, x: tf.Tensor, { parameter }: LayerContext): LayerRun {
  const weight = parameter('weight');
  const { output, normalised, inverse } = tf.tidy(() => {
    const made = normaliseChannels(x, epsilon);
    return { ...made, output: tf.add(tf.mul(made.normalised, weight), parameter('bias')) };
  });
  const overPlaces = (value: tf.Tensor): tf.Tensor => tf.sum(tf.reshape(value, [-1, channels]), 0);
  const ofInput = (gradient: tf.Tensor): tf.Tensor => {
    const weighted = tf.mul(gradient, weight);
    const along = tf.mul(normalised, tf.mean(tf.mul(weighted, normalised), -1, true));
    return tf.mul(tf.sub(tf.sub(weighted, tf.mean(weighted, -1, true)), along), inverse);
  };
  return {
    output,
    kept: [normalised, inverse],
    backward: (gradient, wanted) => ({
      inputs: wanted.inputs ? [ofInput(gradient)] : [],
      parameters: wanted.parameters
        ? [
            ['weight', overPlaces(tf.mul(gradient, normalised))],
            ['bias', overPlaces(gradient)],
          ]
        : [],
    }),
  };
}

function batchNorm(layer: BatchNormLayer, x: tf.Tensor, { parameter, batchStatistics }: LayerContext): LayerRun {
  return batchStatistics
    ? runBatchNorm(layer, x, parameter('weight'), parameter('bias'))
    : runStillBatchNorm(
        layer,
        x,
        ['weight', 'bias', 'running_mean', 'running_var'].map((name) => parameter(name)),
      );
}

function pooling(layer: Extract<LayerNode, { kind: 'max-pool' | 'average-pool' }>, x: tf.Tensor4D): LayerRun {
  const { kernel, stride, padding } = layer;
  const attributes = { filterSize: [kernel, kernel], strides: [stride, stride], pad: 'valid' };
  const backward = (name: string, inputs: Record<string, tf.Tensor>): tf.Tensor4D =>
    tf.engine().runKernel(name, inputs as unknown as tf.NamedTensorMap, attributes as unknown as tf.NamedAttrMap) as tf.Tensor4D;
  if (layer.kind === 'average-pool')
    return { output: pool(layer, x), backward: (gradient) => through(backward('AvgPoolGrad', { dy: gradient, input: x })) };
  const padded = padForMaximum(layer, x);
  const output = pool(layer, padded);
  return {
    output,
    kept: [padded],
    backward: (gradient) =>
      through(tf.slice(backward('MaxPoolGrad', { dy: gradient, input: padded, output }), [0, padding, padding, 0], x.shape)),
  };
}

/** Where several places have the maximum, the first has the gradient, as in PyTorch. */
function globalMaximum(x: tf.Tensor4D): LayerRun {
  const [batch, height, width, channels] = x.shape;
  const places = height * width;
  return {
    output: tf.max(x, [1, 2]),
    backward: (gradient) => {
      const first = tf.cast(
        tf.oneHot(tf.reshape(tf.argMax(tf.reshape(x, [batch, places, channels]), 1), [batch * channels]) as tf.Tensor1D, places),
        'float32',
      );
      const chosen = tf.transpose(tf.reshape(first, [batch, channels, places]), [0, 2, 1]);
      return through(tf.reshape(tf.mul(chosen, tf.reshape(gradient, [batch, 1, channels])), x.shape));
    },
  };
}
