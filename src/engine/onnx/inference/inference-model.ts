import { networkInputName, type ConvLayer } from '../../../network/architecture.js';
import type { NetworkWithWeights } from '../../../network/network-with-weights.js';
import { emitConv, emitLayer } from './emit-layer.js';
import { foldableLayers, foldIntoConv, type FoldableLayer } from './fold-into-conv.js';
import { emitGradCam } from './grad-cam.js';
import { placedValues } from './placed-values.js';
import { graph } from '../graph.js';

/** Names of the inputs and outputs of an inference graph. */
export const inferenceNames = {
  input: networkInputName,
  logits: 'logits',
  embedding: 'embedding',
  activationMaps: 'activationMaps',
} as const;

export interface InferenceModelOptions {
  /** Batch norms and scales folded into the convolutions before them; off only to test that it makes no difference. */
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
  const folds = foldBatchNorms ? foldableLayers(architecture) : new Map<string, ConvLayer>();
  const folded = new Set([...folds.values()].map(({ name }) => name));
  const values = placedValues(onnx, architecture);
  for (const layer of architecture.layers) {
    if (folded.has(layer.name)) continue;
    const conv = folds.get(layer.name);
    if (conv) emitConv(onnx, conv, layer.name, foldIntoConv(conv, layer as FoldableLayer, tensors), values);
    else emitLayer(onnx, layer, tensors, values);
  }
  onnx.output(values.plain(architecture.logits), inferenceNames.logits, ['batch', architecture.outputs]);
  onnx.output(values.plain(architecture.embedding), inferenceNames.embedding, ['batch', architecture.features]);
  onnx.output(emitGradCam(onnx, architecture, tensors, values.plain), inferenceNames.activationMaps, [
    'batch',
    architecture.outputs,
    'mapHeight',
    'mapWidth',
  ]);
  return onnx.encode();
}
