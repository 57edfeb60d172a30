import assert from 'node:assert/strict';
import type { Objective, StepRates, TrainerOptions, TrainingBatch } from '../../src/engine/trainer.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { seededFractions } from '../../src/lib/seeded-random.js';
import { exampleArchitecture, fixture } from './network-examples.js';
import { projections, seededImage, seededWeights, type Conditioning } from './network-seeded.js';

/** A tensor of the golden file: whole if small, else its L2 norm and eight random projections. */
export type GoldenTensor = { readonly values: readonly number[] } | { readonly norm: number; readonly projections: readonly number[] };

export interface GoldenCase {
  readonly network: string;
  /** Name of the seeded pictures. */
  readonly inputs: string;
  readonly conditioning: Conditioning | null;
  readonly objective: Objective;
  readonly steps: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly trainFromGroup: number;
  readonly frozenBatchNorms: 'still' | 'train';
  readonly maxGradientNorm: number | null;
  /** Largest difference between PyTorch's float32 and its float64. */
  readonly pytorchFloat32: { readonly loss: number; readonly gradients: number; readonly tensors: number };
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  /** Of the first step. */
  readonly logits: readonly number[];
  /** Of the first step, before clipping: of the trained tensors only. */
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  /** After the last step: the batch norms' buffers, of the starters every tensor. */
  readonly tensors: Readonly<Record<string, GoldenTensor>>;
}

interface GoldenTraining {
  readonly outputs: number;
  readonly seed: number;
  readonly adamW: TrainerOptions['adamW'];
  /** Of each step. */
  readonly rates: readonly StepRates[];
  readonly cases: Readonly<Record<string, GoldenCase>>;
}

/** What torchvision, autograd and torch.optim.AdamW did in float64: tests/oracles/network/train.py. */
export const goldenTraining = JSON.parse(fixture('train.json').toString('utf8')) as GoldenTraining;

export function trainerOptions(golden: GoldenCase): TrainerOptions {
  const architecture = exampleArchitecture(golden.network);
  const { objective, batch, height, width, trainFromGroup, frozenBatchNorms, maxGradientNorm } = golden;
  return {
    network: { architecture, tensors: seededWeights(architecture, golden.conditioning) },
    objective,
    batch,
    height,
    width,
    layerGroups: layerGroups(architecture),
    trainFromGroup,
    frozenBatchNorms,
    adamW: goldenTraining.adamW,
    ...(maxGradientNorm === null ? {} : { maxGradientNorm }),
    seed: goldenTraining.seed,
  };
}

/** The batch of a step, as `batch` in train.py makes it. */
export function trainingBatch({ network, inputs, objective, batch, height, width }: GoldenCase, step: number): TrainingBatch {
  const { outputs } = goldenTraining;
  const channels = exampleArchitecture(network).inputChannels;
  const fractions = seededFractions(`target ${step}`, batch * outputs);
  const several = objective.kind === 'several';
  const targets = Float32Array.from(fractions, (fraction, index) => {
    const row = fractions.subarray(index - (index % outputs), index - (index % outputs) + outputs);
    return several ? Number(fraction > 0.5) : Number(fraction === Math.max(...row));
  });
  if (several) targets[targets.length - 1] = 0.25;
  else targets.set([0.25, 0.75, 0], targets.length - outputs);
  const weights = several
    ? Float32Array.from(seededFractions(`weight ${step}`, batch * outputs), (fraction) => Number(fraction > 0.25))
    : Float32Array.from(seededFractions(`weight ${step}`, batch), (fraction) => 0.5 + fraction);
  const data = seededImage(`${inputs} ${step}`, batch * channels * height * width);
  return { input: { data, batch, channels, height, width }, targets, weights };
}

/**
 * L2 distance to the golden tensor: exact where it is whole, else the root of the mean square of the eight projections'
 * differences, an estimate without bias that is off by more than a factor of two once in some hundred tensors.
 */
export function distance(name: string, found: ArrayLike<number>, golden: GoldenTensor): number {
  if ('values' in golden) {
    assert.equal(found.length, golden.values.length, name);
    return Math.hypot(...golden.values.map((value, index) => found[index]! - value));
  }
  const sums = projections(name, found);
  return Math.sqrt(golden.projections.reduce((sum, value, index) => sum + (sums[index]! - value) ** 2, 0) / sums.length);
}

export function goldenNorm(golden: GoldenTensor): number {
  return 'values' in golden ? Math.hypot(...golden.values) : golden.norm;
}

/**
 * Every gradient of the first step, and no other, within 1e-4 of its norm. A gradient that is zero in mathematics (of a
 * bias that the next batch norm takes away) consists of rounding only: hence also 1e-6 of the norm of all together.
 */
export function assertGradients(golden: GoldenCase, found: ReadonlyMap<string, ArrayLike<number>>): void {
  assert.deepEqual([...found.keys()].sort(), Object.keys(golden.gradients).sort());
  const floor = 1e-6 * golden.gradientNorms[0]!;
  const wrong = Object.entries(golden.gradients).flatMap(([name, expected]) => {
    const error = distance(name, found.get(name)!, expected);
    // the negation, so that NaN is wrong
    return !(error <= 1e-4 * goldenNorm(expected) + floor) ? [`${name}: off by ${error}, norm ${goldenNorm(expected)}`] : [];
  });
  assert.deepEqual(wrong, []);
}

/** Tensors after the last step, each within 1e-3 of its norm. */
export function assertTensors(golden: GoldenCase, found: ReadonlyMap<string, { readonly data: ArrayLike<number> }>): void {
  const wrong = Object.entries(golden.tensors).flatMap(([name, expected]) => {
    const error = distance(name, found.get(name)!.data, expected);
    return !(error <= 1e-3 * goldenNorm(expected)) ? [`${name}: off by ${error}, norm ${goldenNorm(expected)}`] : [];
  });
  assert.deepEqual(wrong, []);
}
