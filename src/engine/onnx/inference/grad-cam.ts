import { inputsOf, type Architecture, type LayerNode, type LayerNormLayer } from '../../../network/architecture.js';
import type { Tensors } from '../../../network/safetensors.js';
import { batchNormAffine } from './fold-into-conv.js';
import type { Graph } from '../graph.js';

type ValueOf = (layer: string) => string;

/**
 * Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) of every logit at once, inside the inference graph:
 * `ReLU(Σ_k α_k A_k)`, α_k being the mean over positions of ∂logit/∂A_k.
 *
 * For a head of global average pooling and one linear layer ∂logit/∂A_k is w_k / (h·w) everywhere, so the map
 * is exactly `ReLU(Σ_k w_k A_k) / (h·w)`: a 1×1 convolution. For a longer head (fastai's) the gradient
 * [batch, outputs, features] is carried backwards through the head's few layers; both kinds of pooling spread
 * it with a mean of 1 / (h·w) over positions, the average evenly and the maximum to one place.
 *
 * @param valueOf the ONNX value of a layer, [N, C, h, w] or [N, C]
 * @returns the value of the maps, [batch, outputs, h, w]
 */
export function emitGradCam(onnx: Graph, architecture: Architecture, tensors: Tensors, valueOf: ValueOf): string {
  const featureMap = valueOf(architecture.featureMap);
  const weights = linearWeights(architecture, tensors);
  const sum = weights
    ? onnx.node('Conv', [featureMap, onnx.weight('activationMaps.weight', [architecture.outputs, architecture.features, 1, 1], weights)])
    : weightedSum(onnx, featureMap, headGradient(onnx, architecture, tensors, valueOf));
  const size = onnx.node(
    'ReduceProd',
    [onnx.node('Cast', [onnx.node('Shape', [featureMap], { attributes: { start: 2, end: 4 } })], { attributes: { to: 1 } })],
    { attributes: { keepdims: 0 } },
  );
  return onnx.node('Div', [onnx.node('Relu', [sum]), size]);
}

/** The weights of a head that is average pooling, dropout and one linear layer; undefined for any other. */
function linearWeights({ layers, featureMap, logits }: Architecture, tensors: Tensors): Float32Array | undefined {
  const head = layers.slice(layers.findIndex(({ name }) => name === featureMap) + 1);
  const plain = head.every(
    ({ kind, name }) => kind === 'global-average-pool' || kind === 'dropout' || (kind === 'linear' && name === logits),
  );
  return plain ? tensors.get(`${logits}.weight`)!.data : undefined;
}

/** [N, C, h, w] and [N, O, C] → [N, O, h, w]. */
function weightedSum(onnx: Graph, featureMap: string, gradient: string): string {
  const flat = onnx.node('Reshape', [featureMap, onnx.integers(0, 0, -1)]);
  const product = onnx.node('MatMul', [gradient, flat]);
  const outputs = onnx.node('Shape', [gradient], { attributes: { start: 0, end: 2 } });
  const size = onnx.node('Shape', [featureMap], { attributes: { start: 2, end: 4 } });
  return onnx.node('Reshape', [product, onnx.node('Concat', [outputs, size], { attributes: { axis: 0 } })]);
}

/** ∂logits/∂pooled summed over the pooling layers, [1 or N, outputs, channels]: one matrix product a linear layer. */
function headGradient(onnx: Graph, architecture: Architecture, tensors: Tensors, valueOf: ValueOf): string {
  const { layers, outputs } = architecture;
  const identity = Array.from({ length: outputs * outputs }, (_, index) => (index % (outputs + 1) === 0 ? 1 : 0));
  const gradients = new Map<string, string>([[architecture.logits, onnx.floats(identity, [1, outputs, outputs])]]);
  const accumulate = (name: string, gradient: string): void => {
    const known = gradients.get(name);
    gradients.set(name, known === undefined ? gradient : onnx.node('Add', [known, gradient]));
  };
  for (const layer of layers.slice(layers.findIndex(({ name }) => name === architecture.featureMap) + 1).reverse()) {
    const gradient = gradients.get(layer.name)!;
    for (const [name, share] of backward(onnx, layer, gradient, layers, tensors, valueOf)) accumulate(name, share);
  }
  // the mean over the batch's examples is not taken: row n of the result belongs to example n
  const batch = onnx.node('Shape', [valueOf(architecture.featureMap)], { attributes: { start: 0, end: 1 } });
  const shape = onnx.node('Concat', [batch, onnx.integers(1, 1)], { attributes: { axis: 0 } });
  return onnx.node('Expand', [gradients.get(architecture.featureMap)!, shape]);
}

function backward(
  onnx: Graph,
  layer: LayerNode,
  gradient: string,
  layers: readonly LayerNode[],
  tensors: Tensors,
  valueOf: ValueOf,
): readonly (readonly [string, string])[] {
  switch (layer.kind) {
    case 'global-average-pool':
    case 'global-max-pool':
    case 'dropout':
      return [[layer.input, gradient]];
    case 'linear': {
      const { shape, data } = tensors.get(`${layer.name}.weight`)!;
      return [[layer.input, onnx.node('MatMul', [gradient, onnx.weight(`${layer.name}.weight.gradCam`, shape, data)])]];
    }
    case 'batch-norm': {
      const { scale } = batchNormAffine(layer, tensors);
      return [[layer.input, onnx.node('Mul', [gradient, onnx.floats([...scale], [1, 1, layer.channels])])]];
    }
    case 'layer-norm':
      return [[layer.input, layerNormGradient(onnx, layer, gradient, tensors, valueOf(layer.input))]];
    case 'relu': {
      const open = onnx.node('Sign', [valueOf(layer.name)]);
      return [[layer.input, onnx.node('Mul', [gradient, onnx.node('Unsqueeze', [open, onnx.integers(1)])])]];
    }
    case 'concat': {
      const widths = layer.inputs.map((name) => widthOf(name, layers));
      const parts = onnx.nodeOf('Split', [gradient, onnx.integers(...widths)], layer.inputs.length, { attributes: { axis: 2 } });
      return layer.inputs.map((name, index) => [name, parts[index]!] as const);
    }
    default:
      throw new Error(`Grad-CAM through a ${layer.kind} layer in the head (${inputsOf(layer).join()} → ${layer.name}) is not described`);
  }
}

/**
 * With x̂ the normalised values and g the gradient times the weight: `(g − mean(g) − x̂ · mean(g · x̂)) / √(variance + epsilon)`, the means
 * over channels.
 *
 * @param x what the layer reads, [N, C]
 */
function layerNormGradient(onnx: Graph, layer: LayerNormLayer, gradient: string, tensors: Tensors, x: string): string {
  const mean = (value: string): string => onnx.node('ReduceMean', [value], { attributes: { axes: [-1], keepdims: 1 } });
  const centred = onnx.node('Sub', [x, mean(x)]);
  const variance = onnx.node('Add', [mean(onnx.node('Mul', [centred, centred])), onnx.floats([layer.epsilon], [])]);
  const each = (value: string): string => onnx.node('Unsqueeze', [value, onnx.integers(1)]);
  const deviation = each(onnx.node('Sqrt', [variance]));
  const normalised = onnx.node('Div', [each(centred), deviation]);
  const weighted = onnx.node('Mul', [gradient, onnx.floats([...tensors.get(`${layer.name}.weight`)!.data], [1, 1, layer.channels])]);
  const along = onnx.node('Mul', [normalised, mean(onnx.node('Mul', [weighted, normalised]))]);
  return onnx.node('Div', [onnx.node('Sub', [onnx.node('Sub', [weighted, mean(weighted)]), along]), deviation]);
}

/** Channels that a pooling layer of the head yields. */
function widthOf(name: string, layers: readonly LayerNode[]): number {
  let layer = layers.find((candidate) => candidate.name === name);
  while (layer && !('channels' in layer) && !('outputChannels' in layer)) {
    if (layer.kind === 'concat') return layer.inputs.reduce((sum, input) => sum + widthOf(input, layers), 0);
    const input = inputsOf(layer)[0]!;
    layer = layers.find((candidate) => candidate.name === input);
  }
  if (layer && 'channels' in layer) return layer.channels;
  if (layer && 'outputChannels' in layer) return layer.outputChannels;
  throw new Error(`layer ${name} has no known width`);
}
