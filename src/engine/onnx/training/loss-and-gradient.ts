import type { Objective } from '../../trainer.js';
import type { Graph } from '../graph.js';
import { trainingNames } from './training-names.js';
import type { TrainingScope } from './training-scope.js';

/**
 * Adds to the graph the loss, [1], and its gradient with respect to the logits, [batch, outputs], from the terms that LossTerms
 * describes (engine/loss-terms.ts). The gradients of weights follow in training-backward.ts.
 */
export function emitLossAndGradient(
  { onnx, architecture, batch, webgpu }: TrainingScope,
  objective: Objective,
  logits: string,
): { readonly loss: string; readonly gradient: string } {
  const shape = [batch, architecture.outputs];
  const positive = onnx.input(trainingNames.positive, shape);
  const total = (value: string): string =>
    onnx.node('Reshape', [onnx.node('ReduceSum', [value], { attributes: { keepdims: 0 } }), onnx.integers(1)]);
  if (objective.kind === 'one-of-many') {
    const logSoftmax = webgpu ? logSoftmaxByParts(onnx, logits) : onnx.node('LogSoftmax', [logits], { attributes: { axis: 1 } });
    const share = onnx.node('ReduceSum', [positive, onnx.integers(1)], { attributes: { keepdims: 1 } });
    return {
      loss: onnx.node('Neg', [total(onnx.node('Mul', [positive, logSoftmax]))]),
      gradient: onnx.node('Sub', [onnx.node('Mul', [onnx.node('Softmax', [logits], { attributes: { axis: 1 } }), share]), positive]),
    };
  }
  const negative = onnx.input(trainingNames.negative, shape);
  const softplus = (value: string): string => onnx.node('Softplus', [value]);
  const each = onnx.node('Add', [
    onnx.node('Mul', [positive, softplus(onnx.node('Neg', [logits]))]),
    onnx.node('Mul', [negative, softplus(logits)]),
  ]);
  const both = onnx.node('Add', [positive, negative]);
  return { loss: total(each), gradient: onnx.node('Sub', [onnx.node('Mul', [both, onnx.node('Sigmoid', [logits])]), positive]) };
}

function logSoftmaxByParts(onnx: Graph, logits: string): string {
  const below = onnx.node('Sub', [logits, onnx.node('ReduceMax', [logits], { attributes: { axes: [1], keepdims: 1 } })]);
  return onnx.node('Sub', [
    below,
    onnx.node('Log', [onnx.node('ReduceSum', [onnx.node('Exp', [below]), onnx.integers(1)], { attributes: { keepdims: 1 } })]),
  ]);
}
