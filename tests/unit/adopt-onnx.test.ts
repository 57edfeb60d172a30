import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { ForeignModelReader } from '../../src/engine/foreign/read-foreign.js';
import { withNewHead } from '../../src/engine/foreign/with-new-head.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { Fault } from '../../src/errors.js';
import { probabilitiesOf, goldenOf, phantomBatch } from './adopt-examples.js';

/* Golden files: tests/oracles/adopt/onnx_models.py (PyTorch's exporters of opset 11 to 22, scikit-learn through skl2onnx). */
const folder = join(projectRoot, 'tests/fixtures/adopt/onnx');
const golden = goldenOf(join(folder, 'golden.json'));
const reader = new ForeignModelReader();
const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 2 }, description: { name: 'test', why: 'test' } });
after(() => Promise.all([reader.close(), engine.close()]));

for (const [name, expected] of Object.entries(golden))
  test(`${name}.onnx: the probabilities of PyTorch or scikit-learn, embedding and class activation maps`, async () => {
    const model = await reader.read(join(folder, `${name}.onnx`));
    const { graph } = model;
    assert.equal(graph.output.activation, expected.activation);
    assert.equal(graph.input.layout, expected.layout);
    assert.equal(graph.embedding?.features, expected.features);
    assert.deepEqual(model.input, { channels: expected.channels, height: 64, width: 64 });
    const predictor = await engine.load(graph);
    // three pictures, also of a graph whose batch its exporter fixed at one
    const prediction = await predictor.predict(phantomBatch(model.input, 3));
    await predictor.release();
    for (const image of [0, 2]) {
      const found = probabilitiesOf(prediction, image, model.objective);
      expected.probabilities.forEach((value, output) =>
        assert.ok(Math.abs(value - found[output]!) < 1e-5, `${found[output]} for ${value}`),
      );
    }
    assert.equal(prediction.embedding.length, 3 * (expected.features ?? 0));
    const maps = prediction.activationMaps.subarray(0, prediction.activationMaps.length / 3);
    assert.equal(maps.length, expected.maps?.length ?? 0);
    expected.maps?.forEach((value, index) => assert.ok(Math.abs(value - maps[index]!) < 1e-5));
  });

/* tests/oracles/adopt/onnx_float16.py: weights in half precision; the first and the last two also take and yield it. */
for (const [name, expected] of Object.entries(goldenOf(join(folder, 'golden-float16.json'))))
  test(`${name}.onnx, in half precision: the probabilities of onnxruntime in Python; a new head reads its embedding`, async () => {
    const { graph, input, objective } = await reader.read(join(folder, `${name}.onnx`));
    assert.deepEqual([graph.output.activation, graph.input.layout], [expected.activation, expected.layout]);
    const predictor = await engine.load(graph);
    const prediction = await predictor.predict(phantomBatch(input, 3));
    await predictor.release();
    const found = probabilitiesOf(prediction, 2, objective);
    expected.probabilities.forEach((value, output) => assert.ok(Math.abs(value - found[output]!) < 5e-4, `${found[output]} for ${value}`));
    const features = graph.embedding!.features;
    assert.equal(features, expected.features);
    const weights = Float32Array.from({ length: 2 * features }, (_, index) => Math.sin(index));
    const changed = await engine.load(withNewHead(graph, { weights, bias: Float32Array.of(0, 1) }));
    const again = await changed.predict(phantomBatch(input, 1));
    await changed.release();
    const logit = prediction.embedding.subarray(0, features).reduce((sum, value, index) => sum + value * weights[index]!, 0);
    assert.ok(Math.abs(again.logits[0]! - logit) < 1e-2, `${again.logits[0]} for ${logit}`);
  });

const refusals: Readonly<Record<string, RegExp>> = {
  'custom-operator':
    /node .+: expected operators of ONNX, found the custom operator clinic\.example:SpecialSigmoid; export the model without it/,
  nan: /tensor .+ contains NaN at element 3; export the model again/,
  'open-sides': /input picture: expected a fixed height, found one that the file leaves open; set --size/,
  'four-channels': /input picture: expected 1 or 3 channels, found 4;.*--channels 4/,
  imagenet: /output scores: expected findings, found 1000 classes, those of ImageNet; map the outputs/,
  segmentation:
    /output mask: expected scores \[batch, outputs\], found \[1, 2, 64, 64\], a map for each picture as of a segmentation; adopt a classifier/,
  volumes: /input volume: expected a batch of pictures with 4 dimensions, found 5 .*a network for volumes is not run here/,
  'training-mode': /output scores: expected .*export the model for inference/,
};
for (const [name, message] of Object.entries(refusals))
  test(`refused/${name}.onnx: one sentence that names the place, what was expected and what to do`, async () => {
    const path = join(folder, 'refused', `${name}.onnx`);
    await assert.rejects(reader.read(path), (error) => {
      assert.ok(error instanceof Fault && error.code === 'model-invalid', String(error));
      assert.match(error.detail, message);
      assert.equal(error.subject.source, path);
      return true;
    });
  });

test('what the file leaves open is set by options', async () => {
  const model = await reader.read(join(folder, 'refused/open-sides.onnx'), { height: 64, width: 64 });
  assert.deepEqual(model.input, { channels: 1, height: 64, width: 64 });
  const imagenet = await reader.read(join(folder, 'refused/imagenet.onnx'), { manyOutputsAreMapped: true });
  assert.equal(imagenet.graph.outputs, 1000);
  await assert.rejects(reader.read(join(folder, 'cnn-opset17.onnx'), { output: 'nothing' }), /expected a value named nothing \(--output\)/);
  await assert.rejects(reader.read(join(folder, 'cnn-opset17.onnx'), { activation: 'softmax' }), /add up to 1/);
});

test('a graph with a new head yields its logits, its embedding as before and maps of the new head', async () => {
  const { graph, input } = await reader.read(join(folder, 'densenet-batch1.onnx'));
  const features = graph.embedding!.features;
  const head = (shift: number) => ({
    weights: Float32Array.from({ length: 2 * features }, (_, index) => Math.sin(index + shift)),
    bias: Float32Array.of(0.5, -0.25),
  });
  const before = await engine.load(graph);
  const { embedding } = await before.predict(phantomBatch(input, 1));
  await before.release();
  // the second replaces the first, and nothing of the first is left
  const once = withNewHead(graph, head(0));
  const twice = withNewHead(once, head(1));
  assert.equal(twice.files.get('model.onnx')!.length, once.files.get('model.onnx')!.length);
  for (const [changed, shift] of [
    [once, 0],
    [twice, 1],
  ] as const) {
    const predictor = await engine.load(changed);
    const prediction = await predictor.predict(phantomBatch(input, 2));
    await predictor.release();
    assert.equal(prediction.outputs, 2);
    const { weights, bias } = head(shift);
    for (const output of [0, 1]) {
      const expected = embedding.reduce((sum, value, index) => sum + value * weights[output * features + index]!, bias[output]!);
      assert.ok(Math.abs(prediction.logits[2 + output]! - expected) < 1e-4);
    }
    assert.ok(Math.abs(embedding[5]! - prediction.embedding[5]!) < 1e-5);
    assert.ok(prediction.mapHeight > 1);
    assert.deepEqual(changed.classActivation!.headWeights, weights);
  }
  assert.throws(() => withNewHead({ ...graph, embedding: { name: 'x', features: 3 } }, head(0)), /expected 3 weights for each output/);
});

test('external data that is missing, too short or elsewhere is refused', async (context) => {
  const { mkdtempSync, rmSync, writeFileSync, symlinkSync, cpSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const place = mkdtempSync(join(tmpdir(), 'chest-ai-adopt-'));
  context.after(() => rmSync(place, { recursive: true }));
  const model = readFileSync(join(folder, 'external/model.onnx'));
  const data = readFileSync(join(folder, 'external/weights.data'));
  const path = join(place, 'model.onnx');
  writeFileSync(path, model);
  await assert.rejects(reader.read(path), /expected the file weights\.data with external data beside the model, found none; copy it there/);
  writeFileSync(join(place, 'weights.data'), data.subarray(0, 5000));
  await assert.rejects(reader.read(path), /external data weights\.data: expected at least \d+ bytes, found 5000/);
  rmSync(join(place, 'weights.data'));
  cpSync(join(folder, 'external/weights.data'), join(place, 'elsewhere'));
  symlinkSync(join(place, 'elsewhere'), join(place, 'weights.data'));
  await assert.rejects(reader.read(path), /expected a regular file, found a link/);
  // the same length, so that only the name changes
  writeFileSync(path, Buffer.from(model.toString('latin1').replaceAll('weights.data', '../weight.da'), 'latin1'));
  await assert.rejects(reader.read(path), /expected its external data in a file of the model's folder, found "\.\.\/weight\.da"/);
  writeFileSync(path, Buffer.from(model.toString('latin1').replaceAll('weights.data', '/etc/shadow1'), 'latin1'));
  await assert.rejects(reader.read(path), /expected its external data in a file of the model's folder, found "\/etc\/shadow1"/);
});
