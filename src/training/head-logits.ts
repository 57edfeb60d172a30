import type { Architecture, LayerNode } from '../network/architecture.js';
import type { Tensors } from '../network/safetensors.js';

/**
 * The logits of embeddings, outside training: what a head makes of them, computed here, since an engine is of no use for a few
 * thousand multiplications.
 *
 * @param head as headNetwork makes it
 * @param embeddings `count * features`
 * @returns `count * outputs`
 * @throws RangeError if the head has a layer that no head has
 */
export function headLogits(head: Architecture, tensors: Tensors, embeddings: Float32Array): Float32Array {
  const count = embeddings.length / head.features;
  return head.layers.slice(1).reduce<Float32Array>((values, layer) => apply(layer, tensors, values, count), embeddings);
}

function apply(layer: LayerNode, tensors: Tensors, values: Float32Array, count: number): Float32Array {
  const tensor = (suffix: string): Float32Array => tensors.get(`${layer.name}.${suffix}`)!.data;
  switch (layer.kind) {
    case 'dropout':
      return values;
    case 'relu':
      return values.map((value) => Math.min(Math.max(value, 0), layer.ceiling ?? Infinity));
    case 'batch-norm': {
      const [weight, bias, mean, variance] = [tensor('weight'), tensor('bias'), tensor('running_mean'), tensor('running_var')];
      return values.map((value, index) => {
        const channel = index % layer.channels;
        return ((value - mean[channel]!) / Math.sqrt(variance[channel]! + layer.epsilon)) * weight[channel]! + bias[channel]!;
      });
    }
    case 'linear': {
      const { inputFeatures, outputFeatures } = layer;
      const [weight, bias] = [tensor('weight'), tensor('bias')];
      return Float32Array.from({ length: count * outputFeatures }, (_, index) => {
        const [row, output] = [Math.floor(index / outputFeatures), index % outputFeatures];
        let sum = bias[output]!;
        for (let i = 0; i < inputFeatures; i++) sum += weight[output * inputFeatures + i]! * values[row * inputFeatures + i]!;
        return sum;
      });
    }
    default:
      throw new RangeError(`expected a layer of a head, found ${layer.kind} ${layer.name}`);
  }
}
