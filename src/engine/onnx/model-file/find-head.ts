import type { ForeignGraph } from '../../../network/foreign-graph.js';
import type { OnnxNode } from './onnx-file.js';
import { transposed, type ConstantTensor, type GraphWalk } from './graph-walk.js';

export interface OnnxHead {
  readonly activation: ForeignGraph['output']['activation'];
  /** Whether the outputs exclude each other: a softmax, or its logarithm. */
  readonly exclusive: boolean;
  /** Outputs, where the head states them. */
  readonly outputs?: number;
  readonly embedding?: ForeignGraph['embedding'];
  readonly classActivation?: ForeignGraph['classActivation'];
}

/**
 * The head of a classifier: from its output back over the activation to the last linear layer, whose input is the embedding; if that is
 * the mean of a feature map over its positions, the layer's weights are those of class activation maps (Zhou et al. 2016, arXiv 1512.04150).
 *
 * @param output a value [batch, outputs]
 */
export function findHead(walk: GraphWalk, output: string): OnnxHead {
  const { activation, exclusive, scores } = findActivation(walk, output);
  const linear = findLinear(walk, scores);
  if (!linear) return { activation, exclusive };
  const [outputs, features] = linear.weights.dims as [number, number];
  const featureMap = findFeatureMap(walk, linear.input);
  return {
    activation,
    exclusive,
    outputs,
    embedding: { name: linear.input, features },
    ...(featureMap ? { classActivation: { ...featureMap, headWeights: linear.weights.values, channels: features } } : {}),
  };
}

interface Activation extends Pick<OnnxHead, 'activation' | 'exclusive'> {
  /** The value before the activation. */
  readonly scores: string;
}

function findActivation(walk: GraphWalk, output: string): Activation {
  const origin = walk.origin(output);
  const node = walk.maker(origin);
  const input = node?.inputs[0] ?? origin;
  switch (node && key(node)) {
    case 'Sigmoid':
      return { activation: 'sigmoid', exclusive: false, scores: input };
    case 'Softmax':
      return { activation: 'softmax', exclusive: true, scores: input };
    case 'LogSoftmax':
      return { activation: 'none', exclusive: true, scores: input };
    case 'Div': {
      // a softmax in parts: the exponential divided by its sum
      const exponential = walk.maker(input);
      const sum = walk.maker(node!.inputs[1] ?? '');
      if (exponential?.operator === 'Exp' && sum?.operator === 'ReduceSum' && sum.inputs[0] === input)
        return { activation: 'softmax', exclusive: true, scores: exponential.inputs[0]! };
      return { activation: 'none', exclusive: false, scores: origin };
    }
    case 'ai.onnx.ml:Normalizer':
    case 'ai.onnx.ml:TreeEnsembleClassifier':
    case 'ai.onnx.ml:SVMClassifier':
      return { activation: 'softmax', exclusive: true, scores: origin };
    case 'ai.onnx.ml:LinearClassifier': {
      const transform = node!.attributes.get('post_transform')?.text;
      const activation = transform === 'LOGISTIC' ? 'sigmoid' : transform === 'SOFTMAX' ? 'softmax' : 'none';
      return { activation, exclusive: activation === 'softmax', scores: origin };
    }
    default:
      return { activation: 'none', exclusive: false, scores: origin };
  }
}

interface Linear {
  /** The value that the layer reads: [batch, features], perhaps with dimensions of 1 behind. */
  readonly input: string;
  /** [outputs, features] */
  readonly weights: ConstantTensor;
}

function findLinear(walk: GraphWalk, scores: string): Linear | undefined {
  let node = walk.maker(walk.origin(scores));
  if (node && key(node) === 'Add') {
    // the bias: one side is constant
    const [one, other] = node.inputs;
    const product = walk.constant(other ?? '') ? one : walk.constant(one ?? '') ? other : undefined;
    node = product === undefined ? undefined : walk.maker(walk.origin(product));
  }
  if (!node) return undefined;
  const [input, weight] = node.inputs;
  const stored = weight === undefined ? undefined : walk.constant(weight);
  if (input === undefined || !stored) return undefined;
  const attribute = (name: string, otherwise: number): number =>
    node.attributes.get(name)?.integer ?? node.attributes.get(name)?.float ?? otherwise;
  switch (key(node)) {
    case 'Gemm': {
      if (stored.dims.length !== 2 || attribute('transA', 0) !== 0) return undefined;
      const weights = attribute('transB', 0) === 1 ? stored : transposed(stored);
      const alpha = attribute('alpha', 1);
      return { input, weights: alpha === 1 ? weights : { dims: weights.dims, values: weights.values.map((value) => value * alpha) } };
    }
    case 'MatMul':
      return stored.dims.length === 2 ? { input, weights: transposed(stored) } : undefined;
    case 'Conv': {
      // a layer of 1 × 1 on pooled features
      const [outputs, features, height, width] = stored.dims;
      if (stored.dims.length !== 4 || height !== 1 || width !== 1 || attribute('group', 1) !== 1) return undefined;
      return findFeatureMap(walk, input) ? { input, weights: { dims: [outputs!, features!], values: stored.values } } : undefined;
    }
    default:
      return undefined;
  }
}

/** The map whose mean over all positions a value is. */
function findFeatureMap(walk: GraphWalk, value: string): { readonly featureMap: string; readonly layout: 'NCHW' | 'NHWC' } | undefined {
  const node = walk.maker(walk.origin(value));
  const featureMap = node?.inputs[0];
  if (!node || featureMap === undefined) return undefined;
  if (key(node) === 'GlobalAveragePool') return { featureMap, layout: 'NCHW' };
  if (key(node) !== 'ReduceMean') return undefined;
  const axes = node.attributes.get('axes')?.integers ?? walk.constantIntegers(node.inputs[1]);
  const places = axes
    ?.map((axis) => (axis < 0 ? axis + 4 : axis))
    .sort()
    .join();
  return places === '2,3' ? { featureMap, layout: 'NCHW' } : places === '1,2' ? { featureMap, layout: 'NHWC' } : undefined;
}

/** The operator, with its domain unless that is ONNX's own. */
function key({ operator, domain }: OnnxNode): string {
  return domain === '' ? operator : `${domain}:${operator}`;
}
