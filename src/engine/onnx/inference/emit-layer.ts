import type { ActivationLayer, ConvLayer, LayerNode, LayerNormLayer } from '../../../network/architecture.js';
import type { Tensors } from '../../../network/safetensors.js';
import type { Graph } from '../graph.js';
import { layerAttributes } from '../layer-attributes.js';
import type { FoldedConv } from './fold-into-conv.js';
import type { PlacedValues } from './placed-values.js';

/** A layer as it is outside training. The name of its value is the layer's. */
export function emitLayer(onnx: Graph, layer: LayerNode, tensors: Tensors, values: PlacedValues): void {
  const weight = (part: string): string => {
    const name = `${layer.name}.${part}`;
    const { shape, data } = tensors.get(name)!;
    return onnx.weight(name, shape, data);
  };
  const { plain } = values;
  const output = layer.name;
  const put = (operator: string, inputs: readonly string[], attributes = {}): void =>
    values.put(output, onnx.node(operator, inputs, { attributes, output }));
  switch (layer.kind) {
    case 'conv':
      return emitConv(onnx, layer, layer.name, convWeights(layer, tensors), values);
    case 'batch-norm':
      return put('BatchNormalization', [plain(layer.input), ...batchNormTensors.map(weight)], { epsilon: { float: layer.epsilon } });
    case 'relu':
      return layer.ceiling === undefined
        ? put('Relu', [plain(layer.input)])
        : put('Clip', [plain(layer.input), onnx.floats([0], []), onnx.floats([layer.ceiling], [])]);
    case 'max-pool':
    case 'average-pool':
      return put(layer.kind === 'max-pool' ? 'MaxPool' : 'AveragePool', [plain(layer.input)], layerAttributes(layer));
    case 'global-average-pool':
    case 'global-max-pool':
      return put('Flatten', [onnx.node(layer.kind === 'global-max-pool' ? 'GlobalMaxPool' : 'GlobalAveragePool', [plain(layer.input)])]);
    case 'spatial-mean':
      return put('GlobalAveragePool', [plain(layer.input)]);
    case 'add':
      return put('Add', layer.inputs.map(plain));
    case 'gate':
      return put('Mul', layer.inputs.map(plain));
    case 'concat':
      return put('Concat', layer.inputs.map(plain), { axis: 1 });
    case 'linear':
      return put('Gemm', [plain(layer.input), weight('weight'), weight('bias')], { transB: 1 });
    case 'dropout':
      return values.put(layer.name, plain(layer.input));
    case 'layer-norm':
      return emitLayerNorm(onnx, layer, [weight('weight'), weight('bias')], values);
    case 'silu':
    case 'gelu':
    case 'sigmoid': {
      const { value, last } = values.asItIs(layer.input);
      return values.put(output, activation(onnx, layer, value), last);
    }
    case 'scale':
      return put('Mul', [plain(layer.input), weight('layer_scale')]);
  }
}

const batchNormTensors = ['weight', 'bias', 'running_mean', 'running_var'] as const;

function convWeights({ name, bias }: ConvLayer, tensors: Tensors): { readonly weight: FoldedConv['weight']; readonly bias?: Float32Array } {
  const weight = tensors.get(`${name}.weight`)!;
  return bias ? { weight, bias: tensors.get(`${name}.bias`)!.data } : { weight };
}

/**
 * A convolution; one over the channels of every place, whose input has its channels last, as a product of matrices.
 *
 * @param output name of the value: the convolution's, or that of the layer that is folded into it
 */
export function emitConv(
  onnx: Graph,
  conv: ConvLayer,
  output: string,
  { weight, bias }: { readonly weight: FoldedConv['weight']; readonly bias?: Float32Array },
  values: PlacedValues,
): void {
  const { name, inputChannels, outputChannels } = conv;
  const vector = bias && onnx.weight(`${name}.bias`, [bias.length], bias);
  if (conv.flat && values.asItIs(conv.input).last) {
    const matrix = onnx.weight(`${name}.weight`, [inputChannels, outputChannels], transposed(weight.data, outputChannels, inputChannels));
    const product = onnx.node('MatMul', [values.asItIs(conv.input).value, matrix], vector === undefined ? { output } : {});
    return values.put(output, vector === undefined ? product : onnx.node('Add', [product, vector], { output }), true);
  }
  const filter = onnx.weight(`${name}.weight`, conv.flat ? [outputChannels, inputChannels, 1, 1] : weight.shape, weight.data);
  const inputs = [values.plain(conv.input), filter, ...(vector === undefined ? [] : [vector])];
  values.put(output, onnx.node('Conv', inputs, { attributes: layerAttributes(conv), output }));
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  return result;
}

/** ONNX normalises the last axes only: a picture's channels are put there, and stay there for the layers that can read them so. */
function emitLayerNorm(onnx: Graph, { name, input, epsilon }: LayerNormLayer, weights: readonly string[], values: PlacedValues): void {
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  const pooled = values.isPooled(input);
  const made = onnx.node('LayerNormalization', [pooled ? values.plain(input) : values.channelsLast(input), ...weights], {
    attributes,
    output: name,
  });
  values.put(name, made, !pooled);
}

/** Written as onnxruntime's optimiser knows them. */
function activation(onnx: Graph, { kind, name }: ActivationLayer, x: string): string {
  switch (kind) {
    case 'sigmoid':
      return onnx.node('Sigmoid', [x], { output: name });
    case 'silu':
      return onnx.node('Mul', [x, onnx.node('Sigmoid', [x])], { output: name });
    case 'gelu': {
      const error = onnx.node('Erf', [onnx.node('Div', [x, onnx.floats([Math.SQRT2], [])])]);
      const double = onnx.node('Mul', [x, onnx.node('Add', [error, onnx.floats([1], [])])]);
      return onnx.node('Mul', [double, onnx.floats([0.5], [])], { output: name });
    }
  }
}
