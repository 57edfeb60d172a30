import type { Architecture, ConvLayer, LayerNode, LinearLayer } from './architecture.js';
import { layerParameters } from './parameters.js';
import type { Tensor, Tensors } from './safetensors.js';
import { seededFractions, seededWords } from '../lib/seeded-random.js';

/**
 * Weights to train from scratch with, the same for the same seed, as torchvision draws those of each family and fastai those of
 * its head.
 */
export function initialWeights(architecture: Architecture, seed: number): Tensors {
  return new Map(architecture.layers.flatMap((layer) => initialLayer(architecture, layer, seed)));
}

function initialLayer(architecture: Architecture, layer: LayerNode, seed: number): readonly (readonly [string, Tensor])[] {
  return layerParameters(layer).map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, { shape, data: valuesOf(architecture, layer, name, count, `initial ${seed} ${name}`) }] as const;
  });
}

function valuesOf(architecture: Architecture, layer: LayerNode, name: string, count: number, key: string): Float32Array {
  switch (layer.kind) {
    case 'conv':
      if (name.endsWith('.bias')) return new Float32Array(count);
      return architecture.name.startsWith('convnext')
        ? normal(key, count, convnextDeviation)
        : normal(key, count, Math.sqrt(2 / convFan(architecture, layer)));
    case 'scale':
      return new Float32Array(count).fill(firstScale);
    case 'linear':
      return name.endsWith('.weight') ? linearWeight(architecture, layer, key, count) : linearBias(architecture, layer, key, count);
    default:
      // of a batch or layer norm: scale and variance 1, shift and mean 0
      return new Float32Array(count).fill(name.endsWith('.weight') || name.endsWith('.running_var') ? 1 : 0);
  }
}

/** He et al. 2015 (arXiv 1502.01852), normal: DenseNet by the inputs, the others by the outputs (of all groups together, as PyTorch counts). */
function convFan({ name }: Architecture, { inputChannels, outputChannels, groups, kernel }: ConvLayer): number {
  return (name.startsWith('densenet') ? inputChannels / groups : outputChannels) * kernel ** 2;
}

const ofFastai = (layer: LinearLayer): boolean => layer.name.startsWith('head.');

/** fastai: He by the inputs; torchvision's MobileNetV2: normal, 0.01; its EfficientNet by the outputs; its ConvNeXt as its convolutions; its others as `torch.nn.Linear`. */
function linearWeight({ name }: Architecture, layer: LinearLayer, key: string, count: number): Float32Array {
  if (ofFastai(layer)) return normal(key, count, Math.sqrt(2 / layer.inputFeatures));
  if (name.startsWith('convnext')) return normal(key, count, convnextDeviation);
  if (name.startsWith('efficientnet')) return uniform(key, count, 1 / Math.sqrt(layer.outputFeatures));
  return name.startsWith('mobilenet-v2') ? normal(key, count, 0.01) : uniform(key, count, 1 / Math.sqrt(layer.inputFeatures));
}

/** 0, but in torchvision's ResNet as in `torch.nn.Linear`. */
function linearBias({ name }: Architecture, layer: LinearLayer, key: string, count: number): Float32Array {
  return name.startsWith('resnet') && !ofFastai(layer) ? uniform(key, count, 1 / Math.sqrt(layer.inputFeatures)) : new Float32Array(count);
}

/** torchvision/models/convnext.py: `trunc_normal_(weight, std=0.02)`, cut a hundred deviations away; `layer_scale` 1e-6. */
const convnextDeviation = 0.02;
const firstScale = 1e-6;

function uniform(key: string, count: number, bound: number): Float32Array {
  const fractions = seededFractions(key, count);
  return Float32Array.from({ length: count }, (_, index) => (2 * fractions[index]! - 1) * bound);
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
