import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { ForeignModelReader } from '../../src/engine/foreign/read-foreign.js';
import { withNewHead } from '../../src/engine/foreign/with-new-head.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { Fault } from '../../src/errors.js';
import { goldenOf, phantomBatch, probabilitiesOf } from './adopt-examples.js';

/* Golden files: tests/oracles/adopt/tensorflowjs_models.py (Keras through the tensorflowjs converter, computed by TensorFlow). */
const folder = join(projectRoot, 'tests/fixtures/adopt/tensorflowjs');
const golden = goldenOf(join(folder, 'golden.json'));
const reader = new ForeignModelReader();
// an engine of onnxruntime: the format brings its own
const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 2 }, description: { name: 'test', why: 'test' } });
after(() => Promise.all([reader.close(), engine.close()]));

for (const [name, expected] of Object.entries(golden))
  test(`${name}: the probabilities of TensorFlow, embedding and class activation maps`, async () => {
    const model = await reader.read(join(folder, name));
    const { graph } = model;
    assert.equal(graph.output.activation, expected.activation);
    assert.equal(graph.embedding?.features, expected.features);
    assert.deepEqual(model.input, { channels: expected.channels, height: 64, width: 64 });
    assert.equal(model.objective, expected.activation === 'softmax' ? 'one-of-many' : 'several');
    const predictor = await engine.load(graph);
    const prediction = await predictor.predict(phantomBatch(model.input, 3));
    await predictor.release();
    assert.match(prediction.engine!.name, /TensorFlow\.js/);
    for (const image of [0, 2]) {
      const found = probabilitiesOf(prediction, image, model.objective);
      expected.probabilities.forEach((value, output) =>
        assert.ok(Math.abs(value - found[output]!) < 1e-5, `${found[output]} for ${value}`),
      );
    }
    assert.equal(prediction.embedding.length, 3 * (expected.features ?? 0));
    const maps = prediction.activationMaps.subarray(0, prediction.activationMaps.length / 3);
    assert.equal(maps.length, expected.maps?.length ?? 0);
    expected.maps?.forEach((value, index) => assert.ok(Math.abs(value - maps[index]!) < 1e-5, `${maps[index]} for ${value}`));
  });

test("Teachable Machine's labels are the names of the outputs", async () => {
  const { labels, graph } = await reader.read(join(folder, 'teachable-machine'));
  assert.deepEqual(labels, ['Normal', 'Pneumonia', 'Tuberculosis']);
  assert.deepEqual([...graph.files.keys()], ['graph.json', 'weights.bin']);
});

const refusals: Readonly<Record<string, RegExp>> = {
  lambda: /layer doubled: expected a layer that TensorFlow\.js has, found Lambda, which is Python code; replace it/,
  'custom-layer': /layer special: expected a layer that TensorFlow\.js has, found .*Special; replace it/,
  segmentation:
    /output mask: expected scores \[batch, outputs\], found \[\?, 64, 64, 2\], a map for each picture as of a segmentation; adopt a classifier/,
  'four-channels': /input picture.*: expected 1 or 3 channels, found 4;.*--channels 4/,
  'open-sides': /input picture.*: expected a fixed height, found one that the file leaves open; set --size/,
};
for (const [name, message] of Object.entries(refusals))
  test(`refused/${name}: one sentence that names the place, what was expected and what to do`, async () => {
    const path = join(folder, 'refused', name);
    await assert.rejects(reader.read(path), (error) => {
      assert.ok(error instanceof Fault && error.code === 'model-invalid', String(error));
      assert.match(error.detail, message);
      assert.equal(error.subject.source, join(path, 'model.json'));
      return true;
    });
  });

test('a new head beside the model yields its logits and maps of its own', async () => {
  for (const name of ['layers-nested', 'graph']) {
    const { graph, input } = await reader.read(join(folder, name));
    const features = graph.embedding!.features;
    const weights = Float32Array.from({ length: 2 * features }, (_, index) => Math.sin(index));
    const changed = withNewHead(graph, { weights, bias: Float32Array.of(0.5, -0.25) });
    const predictor = await engine.load(changed);
    const { logits, outputs, embedding, mapHeight } = await predictor.predict(phantomBatch(input, 1));
    await predictor.release();
    assert.equal(outputs, 2);
    assert.ok(mapHeight > 1);
    for (const output of [0, 1]) {
      const expected = embedding.reduce((sum, value, index) => sum + value * weights[output * features + index]!, [0.5, -0.25][output]!);
      assert.ok(Math.abs(logits[output]! - expected) < 1e-4);
    }
  }
});

test('weights that are missing, too short, elsewhere or not numbers are refused', async (context) => {
  const place = mkdtempSync(join(tmpdir(), 'chest-ai-adopt-'));
  context.after(() => rmSync(place, { recursive: true }));
  cpSync(join(folder, 'teachable-machine'), place, { recursive: true });
  const weights = readFileSync(join(place, 'weights.bin'));
  writeFileSync(join(place, 'weights.bin'), weights.subarray(0, 4000));
  await assert.rejects(reader.read(place), /weight .+: expected \d+ bytes in the weight files, found 4000; copy the files again/);
  const broken = Buffer.from(weights);
  broken.writeFloatLE(NaN, 40);
  writeFileSync(join(place, 'weights.bin'), broken);
  await assert.rejects(reader.read(place), /weight Conv1\/kernel contains NaN at element 10/);
  rmSync(join(place, 'weights.bin'));
  await assert.rejects(reader.read(place), /expected the weight file weights\.bin beside model\.json, found none; copy it there/);
  const text = readFileSync(join(place, 'model.json'), 'utf8');
  for (const path of ['../weights.bin', '/etc/passwd', 'file:///etc/passwd', 'https://example.org/weights.bin']) {
    writeFileSync(join(place, 'model.json'), text.replace('"weights.bin"', JSON.stringify(path)));
    await assert.rejects(reader.read(place), /expected weight files beside model\.json, found the path/);
  }
});
