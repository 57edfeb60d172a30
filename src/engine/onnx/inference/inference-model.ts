import { networkInputName, type BatchNormLayer, type ConvLayer, type LayerNode } from '../../../network/architecture.js';
import type { NetworkWithWeights } from '../../../network/network-with-weights.js';
import { foldableBatchNorms, foldBatchNorm } from './fold-batch-norm.js';
import { emitGradCam } from './grad-cam.js';
import { graph, type Graph } from '../graph.js';
import { layerAttributes } from '../layer-attributes.js';

/** Names of the inputs and outputs of an inference graph. */
export const inferenceNames = {
  input: networkInputName,
  logits: 'logits',
  embedding: 'embedding',
  activationMaps: 'activationMaps',
} as const;

export interface InferenceModelOptions {
  /** Batch norms folded into the convolutions before them; off only to test that it makes no difference. */
  readonly foldBatchNorms?: boolean;
}

/**
 * The network as an ONNX model.
 *
 * Input `input` [batch, C, height, width]; outputs `logits` [batch, outputs], `embedding` [batch, features],
 * `activationMaps` [batch, outputs, map height, map width] (see Prediction in engine.ts), all float32.
 */
export function inferenceModel(
  { architecture, tensors }: NetworkWithWeights,
  { foldBatchNorms = true }: InferenceModelOptions = {},
): Uint8Array {
  const onnx = graph(architecture.name);
  onnx.input(networkInputName, ['batch', architecture.inputChannels, 'height', 'width']);
  const folds = foldBatchNorms ? foldableBatchNorms(architecture) : new Map<string, ConvLayer>();
  const folded = new Set([...folds.values()].map(({ name }) => name));
  const values = new Map<string, string>([[networkInputName, networkInputName]]);
  for (const layer of architecture.layers) {
    if (folded.has(layer.name)) continue;
    const fold = folds.get(layer.name);
    values.set(
      layer.name,
      fold ? emitFolded(onnx, fold, layer as BatchNormLayer, tensors, values) : emitLayer(onnx, layer, tensors, values),
    );
  }
  const value = (name: string): string => values.get(name)!;
  onnx.output(value(architecture.logits), inferenceNames.logits, ['batch', architecture.outputs]);
  onnx.output(value(architecture.embedding), inferenceNames.embedding, ['batch', architecture.features]);
  onnx.output(emitGradCam(onnx, architecture, tensors, values), inferenceNames.activationMaps, [
    'batch',
    architecture.outputs,
    'mapHeight',
    'mapWidth',
  ]);
  return onnx.encode();
}

type Values = ReadonlyMap<string, string>;

function emitFolded(
  onnx: Graph,
  conv: ConvLayer,
  batchNorm: BatchNormLayer,
  tensors: NetworkWithWeights['tensors'],
  values: Values,
): string {
  const { weight, bias } = foldBatchNorm(conv, batchNorm, tensors);
  const inputs = [
    values.get(conv.input)!,
    onnx.weight(`${conv.name}.weight`, weight.shape, weight.data),
    onnx.weight(`${conv.name}.bias`, [bias.length], bias),
  ];
  return onnx.node('Conv', inputs, { attributes: layerAttributes(conv), output: batchNorm.name });
}

function emitLayer(onnx: Graph, layer: LayerNode, tensors: NetworkWithWeights['tensors'], values: Values): string {
  const from = (name: string): string => values.get(name)!;
  const weight = (part: string): string => {
    const name = `${layer.name}.${part}`;
    const { shape, data } = tensors.get(name)!;
    return onnx.weight(name, shape, data);
  };
  const output = layer.name;
  switch (layer.kind) {
    case 'conv':
      return onnx.node('Conv', [from(layer.input), weight('weight')], { attributes: layerAttributes(layer), output });
    case 'batch-norm':
      return onnx.node(
        'BatchNormalization',
        [from(layer.input), weight('weight'), weight('bias'), weight('running_mean'), weight('running_var')],
        {
          attributes: { epsilon: { float: layer.epsilon } },
          output,
        },
      );
    case 'relu':
      return layer.ceiling === undefined
        ? onnx.node('Relu', [from(layer.input)], { output })
        : onnx.node('Clip', [from(layer.input), onnx.floats([0], []), onnx.floats([layer.ceiling], [])], { output });
    case 'max-pool':
    case 'average-pool':
      return onnx.node(layer.kind === 'max-pool' ? 'MaxPool' : 'AveragePool', [from(layer.input)], {
        attributes: layerAttributes(layer),
        output,
      });
    case 'global-average-pool':
    case 'global-max-pool': {
      const pooled = onnx.node(layer.kind === 'global-max-pool' ? 'GlobalMaxPool' : 'GlobalAveragePool', [from(layer.input)]);
      return onnx.node('Flatten', [pooled], { output });
    }
    case 'add':
      return onnx.node('Add', layer.inputs.map(from), { output });
    case 'concat':
      return onnx.node('Concat', layer.inputs.map(from), { attributes: { axis: 1 }, output });
    case 'linear':
      return onnx.node('Gemm', [from(layer.input), weight('weight'), weight('bias')], { attributes: { transB: 1 }, output });
    case 'dropout':
      return from(layer.input);
  }
}
