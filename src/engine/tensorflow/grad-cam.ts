import * as tf from '@tensorflow/tfjs-core';
import type { Architecture, LayerNode } from '../../network/architecture.js';
import type { Tensors } from '../../network/safetensors.js';
import { normaliseChannels } from './activations.js';
import { batchNormAffine } from '../onnx/inference/fold-into-conv.js';

/** The output of every layer from the feature map on, by the layer's name. */
export type LayerValues = ReadonlyMap<string, tf.Tensor>;

/**
 * Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) of every logit at once: `ReLU(Σ_k α_k A_k)`, α_k being the mean over
 * positions of ∂logit/∂A_k.
 *
 * The gradient [batch, outputs, features] is carried backwards through the head's few layers. Both kinds of pooling spread it
 * with a mean of 1 / (h·w) over positions, the average evenly and the maximum to one place.
 *
 * @returns [batch, outputs, h, w]
 */
export function gradCam(architecture: Architecture, tensors: Tensors, values: LayerValues): tf.Tensor4D {
  const featureMap = values.get(architecture.featureMap) as tf.Tensor4D;
  const [batch, height, width, features] = featureMap.shape;
  const gradients = new Map<string, tf.Tensor3D>([
    [architecture.logits, tf.tile(tf.expandDims<tf.Tensor3D>(tf.eye(architecture.outputs), 0), [batch, 1, 1])],
  ]);
  const head = architecture.layers.slice(architecture.layers.findIndex(({ name }) => name === architecture.featureMap) + 1);
  for (const layer of [...head].reverse()) {
    for (const [name, share] of backward(layer, gradients.get(layer.name)!, tensors, values)) {
      const known = gradients.get(name);
      gradients.set(name, known ? tf.add(known, share) : share);
    }
  }
  const positions = height * width;
  const sums = tf.matMul(gradients.get(architecture.featureMap)!, tf.reshape(featureMap, [batch, positions, features]), false, true);
  return tf.reshape(tf.div(tf.relu(sums), positions), [batch, architecture.outputs, height, width]);
}

/** @param gradient ∂logits/∂output of the layer, [batch, outputs, width of the layer] */
function backward(
  layer: LayerNode,
  gradient: tf.Tensor3D,
  tensors: Tensors,
  values: LayerValues,
): readonly (readonly [string, tf.Tensor3D])[] {
  const [batch, outputs, width] = gradient.shape;
  switch (layer.kind) {
    case 'global-average-pool':
    case 'global-max-pool':
    case 'dropout':
      return [[layer.input, gradient]];
    case 'linear': {
      const { shape, data } = tensors.get(`${layer.name}.weight`)!;
      const flat = tf.matMul(tf.reshape(gradient, [batch * outputs, width]), tf.tensor2d(data, shape as [number, number]));
      return [[layer.input, tf.reshape(flat, [batch, outputs, layer.inputFeatures])]];
    }
    case 'batch-norm':
      return [[layer.input, tf.mul(gradient, tf.tensor1d(Float32Array.from(batchNormAffine(layer, tensors).scale)))]];
    case 'layer-norm': {
      const { normalised, inverse } = normaliseChannels(values.get(layer.input)!, layer.epsilon);
      const [each, deviation] = [tf.expandDims(normalised, 1), tf.expandDims(inverse, 1)];
      const weighted = tf.mul(gradient, tf.tensor1d(tensors.get(`${layer.name}.weight`)!.data));
      const along = tf.mul(each, tf.mean(tf.mul(weighted, each), -1, true));
      return [[layer.input, tf.mul(tf.sub(tf.sub(weighted, tf.mean(weighted, -1, true)), along), deviation)]];
    }
    case 'relu':
      return [[layer.input, tf.mul(gradient, tf.expandDims(tf.step(values.get(layer.name)!), 1))]];
    case 'concat': {
      const widths = layer.inputs.map((name) => values.get(name)!.shape.at(-1)!);
      const parts = tf.split(gradient, widths, 2) as tf.Tensor3D[];
      return layer.inputs.map((name, index) => [name, parts[index]!] as const);
    }
    default:
      throw new Error(`Grad-CAM through a ${layer.kind} layer in the head (${layer.name}) is not described`);
  }
}
