import { readFileSync } from 'node:fs';
import type { Architecture } from '../../src/network/architecture.js';
import type { Conditioning } from './network-seeded.js';
import { architectureOf, architectureSpecSchema, type ArchitectureSpec } from '../../src/network/architecture-spec.js';

const torchvision = { family: 'resnet', inputChannels: 3, widths: [64, 128, 256, 512], strides: [1, 2, 2, 2], outputs: 3 };

const efficientnet = { family: 'efficientnet', inputChannels: 3, width: 1, depth: 1, dropout: 0.2, outputs: 3 };

/** The networks of tests/oracles/network/models.py and newer.py, as they would stand in model.json. */
const specifications: Readonly<Record<string, object>> = {
  starter: {
    family: 'resnet',
    block: 'basic',
    inputChannels: 1,
    layers: [1, 1, 1, 1],
    widths: [32, 64, 128, 192],
    strides: [1, 2, 2, 1],
    outputs: 3,
  },
  'resnet-18': { ...torchvision, block: 'basic', layers: [2, 2, 2, 2] },
  'resnet-34': { ...torchvision, block: 'basic', layers: [3, 4, 6, 3] },
  'resnet-50': { ...torchvision, block: 'bottleneck', layers: [3, 4, 6, 3] },
  'densenet-121': { family: 'densenet', inputChannels: 3, layers: [6, 12, 24, 16], outputs: 3 },
  'mobilenet-v2': { family: 'mobilenet-v2', inputChannels: 3, outputs: 3 },
  'densenet-169': { family: 'densenet', inputChannels: 3, layers: [6, 12, 32, 32], outputs: 3 },
  'densenet-201': { family: 'densenet', inputChannels: 3, layers: [6, 12, 48, 32], outputs: 3 },
  'efficientnet-lite0': { ...efficientnet, kind: 'lite', padding: 'same', epsilon: 1e-3 },
  'efficientnet-lite-small': { ...efficientnet, kind: 'lite', width: 0.5, depth: 0.5, padding: 'same', epsilon: 1e-3 },
  'efficientnet-b0': { ...efficientnet, kind: 'b', padding: 'symmetric', epsilon: 1e-5 },
  'efficientnet-small': { ...efficientnet, kind: 'b', width: 0.5, depth: 0.5, padding: 'symmetric', epsilon: 1e-5 },
  'efficientnet-small-same': { ...efficientnet, kind: 'b', width: 0.5, depth: 0.5, padding: 'same', epsilon: 1e-3 },
  'convnext-tiny': { family: 'convnext', inputChannels: 3, layers: [3, 3, 9, 3], widths: [96, 192, 384, 768], outputs: 3 },
  'convnext-small': { family: 'convnext', inputChannels: 3, layers: [1, 1, 2, 1], widths: [16, 32, 48, 64], outputs: 3 },
  'starter-fastai': {
    family: 'resnet',
    block: 'basic',
    inputChannels: 1,
    layers: [1, 1, 1, 1],
    widths: [32, 64, 128, 192],
    strides: [1, 2, 2, 1],
    outputs: 3,
    head: 'fastai',
  },
  'resnet-34-fastai': { ...torchvision, block: 'basic', layers: [3, 4, 6, 3], head: 'fastai' },
};

export const exampleNames = Object.keys(specifications);

export function exampleSpec(name: string): ArchitectureSpec {
  return architectureSpecSchema.parse(specifications[name]);
}

export function exampleArchitecture(name: string): Architecture {
  return architectureOf(exampleSpec(name));
}

/** A file of tests/fixtures/network; the tests run compiled, in dist/tests/unit. */
export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../tests/fixtures/network/${name}`, import.meta.url));
}

/** Results of torchvision (of some timm) and autograd in float64: tests/oracles/network/forward.py. */
export interface GoldenForward {
  readonly outputs: number;
  readonly batch: number;
  readonly size: number;
  readonly networks: Readonly<
    Record<
      string,
      {
        /** See `away_from_zero` in seeded.py. */
        readonly conditioning?: Conditioning;
        readonly channels: number;
        readonly parameters: number;
        readonly tensors: number;
        readonly logits: readonly number[];
        readonly features: number;
        readonly embeddingEvery16th: readonly number[];
        readonly activationMaps: { readonly shape: readonly number[]; readonly values: readonly number[] };
      }
    >
  >;
}

export function goldenForward(): GoldenForward {
  return JSON.parse(fixture('forward.json').toString('utf8')) as GoldenForward;
}

/** The largest difference, as a part of the largest expected value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    difference = Math.max(difference, Math.abs(found[index]! - expected[index]!));
    largest = Math.max(largest, Math.abs(expected[index]!));
  }
  // not a number must not pass as a small difference
  return Number.isFinite(difference) ? difference / largest : Infinity;
}
