import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { ForeignModelReader } from '../../src/engine/foreign/read-foreign.js';
import type { ForeignGraph } from '../../src/network/foreign-graph.js';
import type { Candidate } from '../../src/registry/candidate.js';
import type { NetworkFile } from '../../src/registry/model-file.js';
import { tinyCandidate } from './tiny-model.js';

/** A small ONNX classifier of PyTorch (tests/oracles/adopt/onnx_models.py): one channel, 64 × 64, four sigmoids, 24 pooled features. */
export const onnxFile = join(projectRoot, 'tests/fixtures/adopt/onnx/cnn-opset17.onnx');

export async function onnxGraph(): Promise<ForeignGraph> {
  const reader = new ForeignModelReader();
  try {
    return (await reader.read(onnxFile)).graph;
  } finally {
    await reader.close();
  }
}

const published = { kind: 'finding', temperature: 1, absentBelow: 0.5, presentFrom: 0.5, calibratedHere: false } as const;

/** How its outputs are read: as a publisher's, calibrated nowhere here; the last one stands for no finding. */
export const onnxOutputs: NetworkFile['outputs'] = [
  { ...published, name: 'pneumonia' },
  { ...published, name: 'covid-19', publishedThreshold: 0.3 },
  { ...published, name: 'pleural-effusion' },
  { kind: 'ignored', name: 'lesion' },
];

/** The classifier as `models adopt` brings it, without a feature guard. */
export async function onnxCandidate(change: Partial<Candidate> = {}): Promise<Candidate> {
  return tinyCandidate(1, {
    name: 'brought along',
    manufacturer: 'a publisher',
    networks: {
      xray: {
        graph: await onnxGraph(),
        input: { width: 64, height: 64, channels: 1, resize: 'bilinear-antialias', normalization: { range: [0, 1] } },
        outputs: onnxOutputs,
      },
    },
    adopted: { from: 'cnn-opset17.onnx', format: 'ONNX', sha256: '0'.repeat(64), at: '2026-11-29T12:00:00.000Z' },
    ...change,
  });
}
