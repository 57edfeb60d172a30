import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig, projectRoot } from '../../src/config.js';
import { ForeignModelReader } from '../../src/engine/foreign/read-foreign.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { loadFindings } from '../../src/findings-config.js';
import type { ForeignGraph } from '../../src/network/foreign-graph.js';
import { loadModelVersion, type ModelVersion, type ServedNetwork } from '../../src/registry/model-version.js';
import type { ImagePrediction } from '../../src/serving/model.js';
import { loadOntoEngine } from '../../src/serving/model-serving.js';
import { goldenOf } from './adopt-examples.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const fixtures = join(projectRoot, 'tests/fixtures/adopt');
const findings = loadFindings(loadConfig({}).findingsFile);
const engine = await startEngine({ prefer: 'onnx-cpu', threads: 1 });
const starter = await loadModelVersion(twoFindingModel);
const reader = new ForeignModelReader();
after(() => Promise.all([reader.close(), engine.close()]));

const names = ['pneumonia', 'tuberculosis', 'covid-19', 'atelectasis', 'consolidation', 'edema'];
const side = 64;
const phantom = {
  width: side,
  height: side,
  pixelAspect: 1,
  values: Float32Array.from(readFileSync(join(fixtures, 'phantom.bin')), (value) => value / 255),
};

/** A model version with the graph as its network for X-rays. */
function versionOf(graph: ForeignGraph, objective: 'several' | 'one-of-many', channels: number, occlusion: boolean): ModelVersion {
  const xray: ServedNetwork = {
    network: graph,
    input: { width: side, height: side, channels, resize: 'bilinear-antialias', normalization: { range: [0, 1] } },
    outputs: Array.from({ length: graph.outputs }, (_, index) => ({
      name: names[index]!,
      kind: 'finding',
      temperature: 1,
      absentBelow: 0.01,
      presentFrom: 0.02,
    })),
    objective,
    ...(occlusion ? { occlusionMaps: true } : {}),
  };
  return { ...starter, networks: { xray } };
}

async function predicted(path: string, occlusion = false): Promise<ImagePrediction> {
  const { graph, objective, input } = await reader.read(join(fixtures, path));
  const model = await loadOntoEngine(versionOf(graph, objective, input.channels, occlusion), engine, findings);
  try {
    return (await model.predictXrays([phantom]))[0]!;
  } finally {
    await model.release();
  }
}

for (const [file, golden] of [
  ['onnx/cnn-opset22.onnx', goldenOf(join(fixtures, 'onnx/golden.json'))['cnn-opset22']!],
  ['onnx/channels-last.onnx', goldenOf(join(fixtures, 'onnx/golden.json'))['channels-last']!],
  ['onnx/scikit-maps.onnx', goldenOf(join(fixtures, 'onnx/golden.json'))['scikit-maps']!],
  ['tensorflowjs/layers', goldenOf(join(fixtures, 'tensorflowjs/golden.json'))['layers']!],
  ['tensorflowjs/teachable-machine', goldenOf(join(fixtures, 'tensorflowjs/golden.json'))['teachable-machine']!],
] as const)
  test(`${file}: the service's probability is that of the library that made the model`, async () => {
    const { findings: found, engine: place } = await predicted(file);
    golden.probabilities.forEach((value, index) => {
      const { probability } = found.find(({ name }) => name === names[index])!;
      assert.ok(Math.abs(probability - value) < 1e-4, `${probability} for ${value}`);
    });
    assert.match(place!.name, file.startsWith('onnx') ? /onnxruntime/ : /TensorFlow\.js/);
    const hasMaps = golden.maps !== undefined;
    for (const { activation } of found) assert.equal(activation.width > 0, hasMaps);
  });

test('without maps there is no region; occlusion maps give one where they are requested', async () => {
  const without = await predicted('onnx/hidden-layer.onnx');
  for (const finding of without.findings) {
    assert.equal(finding.decision, 'present');
    assert.equal(finding.box, undefined);
    assert.deepEqual([finding.activation.width, finding.activation.height, finding.activation.values.length], [0, 0, 0]);
  }
  const located = await predicted('onnx/hidden-layer.onnx', true);
  for (const { activation } of located.findings) assert.deepEqual([activation.width, activation.values.length], [7, 49]);
  assert.ok(located.findings.some(({ box }) => box !== undefined));
  assert.deepEqual(
    located.findings.map(({ probability }) => probability),
    without.findings.map(({ probability }) => probability),
  );
});
