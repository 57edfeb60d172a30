import type { ActivationLayer } from '../../../network/architecture.js';
import type { TrainingScope } from './training-scope.js';

/** σ(x), x · σ(x) or x · Φ(x); σ(x) and Φ(x) are kept for the gradient. */
export function emitActivation({ onnx, kept, plain }: TrainingScope, { kind, name, input }: ActivationLayer): string {
  const x = plain(input);
  const open = kind === 'gelu' ? normalDistribution(onnx, x) : onnx.node('Sigmoid', [x]);
  kept.set(name, open);
  return kind === 'sigmoid' ? open : onnx.node('Mul', [x, open]);
}

/** The derivative at each value. With s = σ(x): `s · (1 − s)`, `s · (1 + x · (1 − s))`; of gelu `Φ(x) + x · φ(x)`. */
export function emitActivationSlope({ onnx, kept, plain }: TrainingScope, { kind, name, input }: ActivationLayer): string {
  const open = kept.get(name)!;
  const x = plain(input);
  const times = (one: string, other: string): string => onnx.node('Mul', [one, other]);
  if (kind === 'gelu') return onnx.node('Add', [open, times(x, normalDensity(onnx, x))]);
  const one = onnx.floats([1], []);
  const closed = onnx.node('Sub', [one, open]);
  return times(open, kind === 'sigmoid' ? closed : onnx.node('Add', [times(x, closed), one]));
}

/** Φ(x) by the error function. */
function normalDistribution(onnx: TrainingScope['onnx'], x: string): string {
  const error = onnx.node('Erf', [onnx.node('Mul', [x, onnx.floats([Math.SQRT1_2], [])])]);
  return onnx.node('Mul', [onnx.node('Add', [error, onnx.floats([1], [])]), onnx.floats([0.5], [])]);
}

function normalDensity(onnx: TrainingScope['onnx'], x: string): string {
  const square = onnx.node('Mul', [onnx.node('Mul', [x, x]), onnx.floats([-0.5], [])]);
  return onnx.node('Mul', [onnx.node('Exp', [square]), onnx.floats([1 / Math.sqrt(2 * Math.PI)], [])]);
}
