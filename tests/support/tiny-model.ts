import type { Candidate, CandidateLayers } from '../../src/registry/candidate.js';
import { architectureOf, type ArchitectureSpec } from '../../src/network/architecture-spec.js';
import { seededWeights } from '../unit/network-seeded.js';

/** A network so small that a test can write hundreds of it; its answers mean nothing. */
export const tinySpec: ArchitectureSpec = {
  family: 'resnet',
  block: 'basic',
  inputChannels: 1,
  layers: [1],
  widths: [8],
  strides: [1],
  outputs: 2,
  head: 'torchvision',
};

export function tinyNetwork(change: Partial<CandidateLayers> = {}): CandidateLayers {
  const architecture = architectureOf(tinySpec);
  const { features } = architecture;
  const precision = new Float32Array(features * features);
  for (let row = 0; row < features; row++) precision[row * features + row] = 1;
  return {
    architecture: tinySpec,
    tensors: seededWeights(architecture),
    input: { width: 32, height: 32, channels: 1, resize: 'bilinear-antialias', normalization: 'per-image' },
    outputs: [
      { kind: 'finding', name: 'pneumonia', temperature: 1, absentBelow: 0.2, presentFrom: 0.5 },
      { kind: 'finding', name: 'covid-19', temperature: 1, absentBelow: 0.2, presentFrom: 0.5 },
    ],
    gate: { mean: new Float32Array(features), precision, maxDistance: 1e6 },
    ...change,
  };
}

/** @param maxDistance tells one candidate from another */
export function tinyCandidate(maxDistance = 1e6, change: Partial<Candidate> = {}): Candidate {
  const network = tinyNetwork();
  return {
    name: 'tiny',
    manufacturer: 'test',
    created: '2026-01-31',
    license: 'test',
    networks: { xray: { ...network, gate: { ...network.gate!, maxDistance } } },
    lineage: {
      parent: null,
      dataset: { name: 'none', images: 0, patients: 0, splits: {}, sources: {} },
      settings: {},
      seed: 1,
      engine: 'none',
      codeVersion: '0',
    },
    card: '# A model of a test',
    ...change,
  };
}
