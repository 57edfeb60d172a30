import { inputsOf, type BatchNormLayer, type LayerNode } from '../../network/architecture.js';
import { channelStatistics } from './channel-statistics.js';
import { layerAttributes } from './layer-attributes.js';
import { valueShape, type TrainingScope } from './training-scope.js';

/** A layer in training mode: its value, and what its gradient will want to know. */
export function emitForward(scope: TrainingScope, layer: LayerNode): void {
  scope.values.set(layer.name, forward(scope, layer));
}

function forward(scope: TrainingScope, layer: LayerNode): string {
  const { onnx, values } = scope;
  const [input, ...others] = inputsOf(layer).map((name) => values.get(name)!) as [string, ...string[]];
  const tensor = (part: string): string => scope.tensor(`${layer.name}.${part}`);
  switch (layer.kind) {
    case 'conv':
      return onnx.node('Conv', [input, tensor('weight')], { attributes: layerAttributes(layer) });
    case 'batch-norm':
      return scope.plan.batchStatistics(layer)
        ? normalise(scope, layer, input)
        : onnx.node('BatchNormalization', [input, tensor('weight'), tensor('bias'), tensor('running_mean'), tensor('running_var')], { attributes: { epsilon: { float: layer.epsilon } } });
    case 'relu':
      return layer.ceiling === undefined ? onnx.node('Relu', [input]) : onnx.node('Clip', [input, onnx.floats([0], []), onnx.floats([layer.ceiling], [])]);
    case 'max-pool': {
      const [pooled, indices] = onnx.nodeOf('MaxPool', [input], scope.plan.needsGradient(layer.input) ? 2 : 1, { attributes: layerAttributes(layer) });
      if (indices !== undefined) scope.kept.set(layer.name, indices);
      return pooled!;
    }
    case 'average-pool':
      return onnx.node('AveragePool', [input], { attributes: layerAttributes(layer) });
    case 'global-average-pool':
      return onnx.node('Flatten', [onnx.node('GlobalAveragePool', [input])]);
    case 'global-max-pool': {
      const { height, width } = scope.sizes.get(layer.input)!;
      const [pooled, indices] = onnx.nodeOf('MaxPool', [input], scope.plan.needsGradient(layer.input) ? 2 : 1, { attributes: { kernel_shape: [height, width] } });
      if (indices !== undefined) scope.kept.set(layer.name, indices);
      return onnx.node('Flatten', [pooled!]);
    }
    case 'add':
      return onnx.node('Add', [input, ...others]);
    case 'concat':
      return onnx.node('Concat', [input, ...others], { attributes: { axis: 1 } });
    case 'linear':
      return onnx.node('Gemm', [input, tensor('weight'), tensor('bias')], { attributes: { transB: 1 } });
    case 'dropout': {
      const mask = onnx.input(dropoutInput(layer.name), valueShape(scope, layer.name));
      scope.kept.set(layer.name, mask);
      return onnx.node('Mul', [input, mask]);
    }
  }
}

/** Name of the graph's input for the mask of a dropout layer. */
export const dropoutInput = (layer: string): string => `mask:${layer}`;

/**
 * Batch norm with the batch's own mean and (biased) variance (Ioffe & Szegedy 2015, arXiv 1502.03167).
 *
 * The operator BatchNormalization is given the batch's statistics as if they were the running ones: onnxruntime's CPU
 * kernel then makes one pass over the values where Sub, Mul, Mul, Add would make four.
 */
function normalise(scope: TrainingScope, layer: BatchNormLayer, input: string): string {
  const { onnx } = scope;
  const { mean, variance } = channelStatistics(scope, layer.input);
  const inverse = onnx.node('Reciprocal', [onnx.node('Sqrt', [onnx.node('Add', [variance, onnx.floats([layer.epsilon], [])])])]);
  scope.statistics.set(layer.name, { mean, variance, inverse });
  const flat = (value: string): string => onnx.node('Reshape', [value, onnx.integers(layer.channels)]);
  return onnx.node('BatchNormalization', [input, scope.tensor(`${layer.name}.weight`), scope.tensor(`${layer.name}.bias`), flat(mean), flat(variance)], {
    attributes: { epsilon: { float: layer.epsilon } },
  });
}
