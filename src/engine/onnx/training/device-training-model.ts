import { clipEpsilon } from '../../adam-w.js';
import type { TrainerOptions } from '../../trainer.js';
import { trainingPlan, type TrainingPlan } from '../../training-plan.js';
import { graph, type Graph } from '../graph.js';
import { parameterPlaces, type GroupRange } from './parameter-places.js';
import { emitTrainingGraph, type GraphTraits } from './training-graph.js';

/** Everything trained in one layer group, behind each other: what stays on the device between steps. */
export interface DevicePart extends GroupRange {
  /** Elements of its vectors: filled up with zeros to whole rows. */
  readonly length: number;
}

export interface DeviceTrainingModel {
  readonly bytes: Uint8Array;
  readonly plan: TrainingPlan;
  readonly parts: readonly DevicePart[];
}

/** Names of what goes in and comes out besides trainingNames; vectors of a part have [length] elements. */
export const deviceNames = {
  vectors: ['values', 'expAvg', 'expAvgSq'],
  before: (vector: string, group: number) => `${vector}:${group}`,
  after: (vector: string, group: number) => `new ${vector}:${group}`,
  gradients: (group: number) => `gradients:${group}`,
  /** [3]: the factor that AdamW multiplies a value with, the size of its step, the factor of the root (see adamW). */
  rates: (group: number) => `rates:${group}`,
  /** [1]: 1 − beta 1. */
  renewal: 'renewal',
  norm: 'gradientNorm',
} as const;

/** So that a sum over many millions of elements is one of short sums. */
const rowLength = 1024;

/**
 * The whole step as one ONNX model: forward pass, loss, gradients, clipping by the global norm and AdamW (see adamW), so that weights
 * and averages need never leave the device.
 *
 * Inputs and outputs: those of emitTrainingGraph, and deviceNames.
 */
export function deviceTrainingModel(options: TrainerOptions, traits: GraphTraits): DeviceTrainingModel {
  const {
    network: { architecture },
    adamW,
    maxGradientNorm,
  } = options;
  const plan = trainingPlan(architecture, options);
  const { places, ranges } = parameterPlaces(plan);
  const parts = ranges.map((range) => ({ ...range, length: Math.ceil((range.end - range.begin) / rowLength) * rowLength }));
  const onnx = graph(`${architecture.name}, a step of training`);
  for (const { group, length } of parts) for (const vector of deviceNames.vectors) onnx.input(deviceNames.before(vector, group), [length]);
  const cut = (name: string, shape: readonly number[]): string => {
    const [begin, end] = places.get(name)!;
    const part = parts.find((one) => begin >= one.begin && end <= one.end)!;
    const slice = onnx.node('Slice', [
      deviceNames.before('values', part.group),
      onnx.integers(begin - part.begin),
      onnx.integers(end - part.begin),
      onnx.integers(0),
    ]);
    return onnx.node('Reshape', [slice, onnx.integers(...shape)]);
  };
  const { gradients } = emitTrainingGraph(onnx, options, traits, cut);
  const joined = parts.map((part) => {
    const within = [...places].filter(([, [begin, end]]) => begin >= part.begin && end <= part.end);
    const flat = within.map(([name]) => onnx.node('Reshape', [gradients.get(name)!, onnx.integers(-1)]));
    const missing = part.length - (part.end - part.begin);
    const zeros = missing === 0 ? [] : [onnx.floats(Array.from({ length: missing }, () => 0))];
    return { part, gradient: concatenated(onnx, [...flat, ...zeros]) };
  });
  const norm = onnx.node('Sqrt', [
    joined.map(({ gradient }) => sumOfSquares(onnx, gradient)).reduce((one, other) => onnx.node('Add', [one, other])),
  ]);
  onnx.output(norm, deviceNames.norm, [1]);
  const scale = maxGradientNorm === undefined ? undefined : clipScale(onnx, norm, maxGradientNorm);
  const renewal = onnx.input(deviceNames.renewal, [1]);
  for (const { part, gradient } of joined)
    emitAdamW(onnx, part, scale === undefined ? gradient : onnx.node('Mul', [gradient, scale]), renewal, adamW);
  for (const { part, gradient } of joined) onnx.output(gradient, deviceNames.gradients(part.group), [part.length]);
  return { bytes: onnx.encode(), plan, parts };
}

/** GPUs bind few buffers to a shader: many vectors are joined in several rounds. */
const maxJoined = 6;

function concatenated(onnx: Graph, vectors: readonly string[]): string {
  if (vectors.length === 1) return vectors[0]!;
  const joined: string[] = [];
  for (let begin = 0; begin < vectors.length; begin += maxJoined) {
    const some = vectors.slice(begin, begin + maxJoined);
    joined.push(some.length === 1 ? some[0]! : onnx.node('Concat', some, { attributes: { axis: 0 } }));
  }
  return concatenated(onnx, joined);
}

/** [1] */
function sumOfSquares(onnx: Graph, vector: string): string {
  const rows = onnx.node('Reshape', [onnx.node('Mul', [vector, vector]), onnx.integers(-1, rowLength)]);
  const sums = onnx.node('ReduceSum', [rows, onnx.integers(1)], { attributes: { keepdims: 0 } });
  return onnx.node('ReduceSum', [sums, onnx.integers(0)], { attributes: { keepdims: 1 } });
}

/** As clipScale of adam-w.ts. */
function clipScale(onnx: Graph, norm: string, largest: number): string {
  const share = onnx.node('Div', [onnx.floats([largest]), onnx.node('Add', [norm, onnx.floats([clipEpsilon])])]);
  return onnx.node('Min', [share, onnx.floats([1])]);
}

function emitAdamW(
  onnx: Graph,
  { group, length }: DevicePart,
  gradient: string,
  renewal: string,
  { beta2, epsilon }: TrainerOptions['adamW'],
): void {
  const [values, expAvg, expAvgSq] = deviceNames.vectors.map((vector) => deviceNames.before(vector, group)) as [string, string, string];
  const rates = onnx.input(deviceNames.rates(group), [3]);
  const rate = (index: number): string => onnx.node('Slice', [rates, onnx.integers(index), onnx.integers(index + 1), onnx.integers(0)]);
  const [keep, size, root] = [rate(0), rate(1), rate(2)];
  const times = (one: string, other: string): string => onnx.node('Mul', [one, other]);
  const average = onnx.node('Add', [expAvg, times(onnx.node('Sub', [gradient, expAvg]), renewal)]);
  const square = onnx.node('Add', [times(expAvgSq, onnx.floats([beta2])), times(times(gradient, gradient), onnx.floats([1 - beta2]))]);
  const divisor = onnx.node('Add', [times(onnx.node('Sqrt', [square]), root), onnx.floats([epsilon])]);
  const value = onnx.node('Sub', [times(values, keep), onnx.node('Div', [times(average, size), divisor])]);
  for (const [vector, made] of [
    ['values', value],
    ['expAvg', average],
    ['expAvgSq', square],
  ] as const)
    onnx.output(made, deviceNames.after(vector, group), [length]);
}
