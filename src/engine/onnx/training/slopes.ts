import type { ActivationLayer, LayerNode, ReluLayer } from '../../../network/architecture.js';
import { emitActivationSlope } from './activations.js';
import { elementCodes } from '../schema.js';
import type { TrainingScope } from './training-scope.js';

type SlopedLayer = ReluLayer | ActivationLayer;

/**
 * Emits the derivative of a layer that works value by value, with the layer, for the backward pass to multiply with. onnxruntime computes
 * of the inputs of an operator first what was emitted last: emitted in the backward pass, behind the gradient, all slopes would be computed
 * before any gradient, and kept.
 */
export function emitSlope(scope: TrainingScope, layer: LayerNode): void {
  if (!isSloped(layer) || !scope.plan.needsGradient(layer.input)) return;
  scope.kept.set(slopeKey(layer), layer.kind === 'relu' ? slope(scope, layer) : emitActivationSlope(scope, layer));
}

export function slopeOf({ kept }: TrainingScope, layer: SlopedLayer): string {
  return kept.get(slopeKey(layer))!;
}

const slopeKey = ({ name }: SlopedLayer): string => `slope:${name}`;

function isSloped(layer: LayerNode): layer is SlopedLayer {
  return ['relu', 'silu', 'gelu', 'sigmoid'].includes(layer.kind);
}

/** 1 where a ReLU let its input through, 0 where not (at the kinks too, as PyTorch has it). */
function slope(scope: TrainingScope, layer: ReluLayer): string {
  const { onnx, layouts, webgpu } = scope;
  const output = scope.value(layer.name);
  if (webgpu) {
    const above = onnx.node('Greater', [output, onnx.floats([0], [])]);
    const passed =
      layer.ceiling === undefined ? above : onnx.node('And', [above, onnx.node('Less', [output, onnx.floats([layer.ceiling], [])])]);
    return onnx.node('Cast', [passed], { attributes: { to: elementCodes.float32 } });
  }
  if (layer.ceiling !== undefined) {
    // above 0 only between the two kinks
    const between = onnx.node('Mul', [output, onnx.node('Sub', [onnx.floats([layer.ceiling], []), output])]);
    return steepest(scope, between);
  }
  const made = steepest(scope, output);
  return layouts.isBlocked(output) ? layouts.mark(made, scope.sizes.get(layer.name)!.channels) : made;
}

/** Of values that are at least 0: 1 above it, else 0. */
function steepest({ onnx, processor }: TrainingScope, value: string): string {
  // the steepest hard sigmoid is 1 from the smallest normal number on; the processor has it several times as fast as Sign, CUDA not at all
  return processor
    ? onnx.node('HardSigmoid', [value], { attributes: { alpha: { float: 3e38 }, beta: { float: 0 } } })
    : onnx.node('Sign', [value]);
}
