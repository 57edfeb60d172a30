import type { Architecture, LayerNode } from './architecture.js';
import { layerParameters } from './parameters.js';
import type { Tensor, Tensors } from './safetensors.js';
import { seededFractions, seededWords } from './seeded-fractions.js';

/**
 * Weights to train from scratch with, the same for the same seed: convolutions as torchvision's ResNets have them (He et al. 2015,
 * arXiv 1502.01852, normal, fan-out), batch norms 1 and 0, the last linear layer as `torch.nn.Linear`; linear layers of fastai's
 * head as fastai has them (He, normal, fan-in, bias 0).
 */
export function initialWeights(architecture: Architecture, seed: number): Tensors {
  return new Map(architecture.layers.flatMap((layer) => initialLayer(layer, seed)));
}

function initialLayer(layer: LayerNode, seed: number): readonly (readonly [string, Tensor])[] {
  return layerParameters(layer).map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, { shape, data: valuesOf(layer, name, count, `initial ${seed} ${name}`) }] as const;
  });
}

function valuesOf(layer: LayerNode, name: string, count: number, key: string): Float32Array {
  switch (layer.kind) {
    case 'conv':
      return normal(key, count, Math.sqrt(2 / ((layer.outputChannels / layer.groups) * layer.kernel ** 2)));
    case 'linear': {
      const bound = 1 / Math.sqrt(layer.inputFeatures);
      if (!layer.name.startsWith('head.')) return Float32Array.from(seededFractions(key, count), (fraction) => (2 * fraction - 1) * bound);
      return name.endsWith('.bias') ? new Float32Array(count) : normal(key, count, Math.sqrt(2 / layer.inputFeatures));
    }
    default:
      // of a batch norm: scale and variance 1, shift and mean 0
      return new Float32Array(count).fill(name.endsWith('.weight') || name.endsWith('.running_var') ? 1 : 0);
  }
}

/** Box & Muller 1958: two numbers of two. Loops, since a large network has 25 million of them. */
function normal(key: string, count: number, deviation: number): Float32Array {
  const words = seededWords(key, count + (count % 2));
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - words[index]! / 4294967296));
    const angle = 2 * Math.PI * (words[index + 1]! / 4294967296);
    values[index] = radius * Math.cos(angle);
    if (index + 1 < count) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}
