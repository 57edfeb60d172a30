import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { candidates, engineNames } from '../../src/engine/candidates.js';
import { chooseEngine } from '../../src/engine/choose-engine.js';
import { describeEngines } from '../../src/engine/describe-engines.js';
import { driverVersions } from '../../src/engine/driver-versions.js';
import { mayHaveGpu } from '../../src/engine/gpu-devices.js';
import { enginePreferences, startEngine } from '../../src/engine/start-engine.js';
import { Fault } from '../../src/errors.js';
import { exampleArchitecture, goldenForward, relativeError } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

test('auto starts an engine and says why', async () => {
  const started = await startEngine({ threads: 1 });
  assert.match(started.description.why, /takes \d+ ms for a test batch of 8.*\.$/);
  const architecture = exampleArchitecture('starter');
  const predictor = await started.load({ architecture, tensors: seededWeights(architecture) });
  const prediction = await predictor.predict({ data: seededImage('input', 2 * 96 * 96), batch: 2, channels: 1, height: 96, width: 96 });
  assert.ok(relativeError(prediction.logits, goldenForward().networks['starter']!.logits) < 1e-4);
  assert.deepEqual(prediction.engine, started.description);
  await started.close();
});

test('an engine that is asked for and not there is refused with the way to add it', async () => {
  const absent = candidates().find(({ installed }) => !installed)!;
  await assert.rejects(
    startEngine({ prefer: absent.name, threads: 1 }),
    (error) => error instanceof Fault && error.code === 'engine-unavailable' && error.message.includes(absent.howToAdd),
  );
});

test('engines of a GPU are not tried where the machine shows none', () => {
  assert.equal(
    mayHaveGpu('linux', () => ['null', 'shm', 'tty1', 'nvram', 'drill']),
    false,
  );
  for (const name of ['dri', 'nvidia0', 'nvidiactl', 'dxg', 'kfd'])
    assert.equal(
      mayHaveGpu('linux', () => ['null', name]),
      true,
      name,
    );
  assert.equal(
    mayHaveGpu('darwin', () => []),
    true,
  );
  assert.equal(
    mayHaveGpu('linux', () => {
      throw new Error('no /dev');
    }),
    true,
  );
});

test('the choice: fastest, but only if it computes what the processor computes', () => {
  const cpu = { name: 'onnx-cpu', milliseconds: 40, logits: [1, -2], place: 'one' } as const;
  const cuda = { name: 'onnx-cuda', milliseconds: 5, logits: [1.0001, -2], place: 'two' } as const;
  const gpu = { name: 'tensorflow-gpu', milliseconds: 7, logits: [1, -2], place: 'three' } as const;
  assert.equal(chooseEngine([cpu, cuda]).name, 'onnx-cuda');
  assert.deepEqual(chooseEngine([cpu, cuda, gpu]).inOrder, ['onnx-cuda', 'tensorflow-gpu', 'onnx-cpu']);
  assert.equal(
    chooseEngine([cpu, cuda]).why,
    'Fastest of those that started: onnx-cuda takes 5 ms for a test batch of 8; onnx-cpu takes 40 ms.',
  );
  assert.equal(chooseEngine([cpu, { ...cuda, milliseconds: 50 }]).name, 'onnx-cpu');
  assert.match(
    chooseEngine([cpu, { ...cuda, logits: [1.1, -2] }]).why,
    /^The only one .* onnx-cuda started but computes something else than onnx-cpu\.$/,
  );
  assert.match(chooseEngine([cpu, { ...cuda, logits: [NaN, NaN] }]).why, /^The only one/);
  assert.match(chooseEngine([cpu, { name: 'onnx-webgpu', error: 'No adapter.' }]).why, /onnx-webgpu did not start \(No adapter\)\.$/);
  // where onnxruntime has no library, TensorFlow.js is measured by itself
  assert.equal(
    chooseEngine([
      { name: 'onnx-cpu', error: 'library missing' },
      { ...cpu, name: 'tensorflow-wasm' },
    ]).name,
    'tensorflow-wasm',
  );
  assert.throws(
    () => chooseEngine([{ name: 'onnx-cpu', error: 'library missing' }, gpu]),
    (error) => error instanceof Fault && error.code === 'engine-unavailable' && /library missing/.test(error.message),
  );
});

test('doctor hears of every engine what is there and how to add it', async () => {
  const reports = await describeEngines(1);
  assert.deepEqual(
    reports.map(({ name }) => name),
    [...engineNames],
  );
  assert.ok(reports[0]!.present);
  for (const { name, present, detail, howToAdd } of reports) {
    assert.match(detail, name.startsWith('onnx') ? /onnxruntime-node \d/ : /TensorFlow\.js (tfjs|webgpu)/);
    assert.equal(howToAdd === '', present);
  }
});

test('driver and library versions are told where there are any', async () => {
  const { nvidia, vulkan, libraries } = await driverVersions();
  for (const line of [...nvidia, ...vulkan, ...libraries]) assert.ok(line.length > 0);
  for (const library of libraries) assert.match(library, /^lib\w+\.so\.\d+$/);
});

test('the configuration takes every engine’s name', () => {
  for (const prefer of enginePreferences) assert.equal(loadConfig({ ENGINE: prefer }).engine.prefer, prefer);
});
