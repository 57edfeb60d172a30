import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { candidate } from '../../src/engine/candidates.js';
import { FallbackEngine } from '../../src/engine/fallback-engine.js';
import { Fault } from '../../src/errors.js';
import { silentLog, type Log } from '../../src/log.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { serveModel } from '../../src/serving/served-model.js';
import { exampleArchitecture } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const threads = 2;
const skip = candidate('tensorflow-wasm').installed ? false : 'absent: TensorFlow.js is not installed';
const architecture = exampleArchitecture('starter');
const network = { architecture, tensors: seededWeights(architecture) };
const picture = { data: seededImage('x', 96 * 96), batch: 1, channels: 1, height: 96, width: 96 };
const successor = { name: 'onnx-cpu', start: (why: string) => candidate('onnx-cpu').start(threads, why) };

/** The engine's process, which nobody but its own parent is to know of. */
function childProcesses(): readonly number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes('tensorflow/process.js')).map((line) => Number.parseInt(line, 10));
}

test('when its process is killed in the middle of the work, the next engine takes over, says so, and every call is answered', {
  skip,
}, async () => {
  const told: { readonly message: string; readonly [key: string]: unknown }[] = [];
  const log: Log = { ...silentLog, error: (message: string, fields: object = {}) => void told.push({ message, ...fields }) };
  const first = await candidate('tensorflow-wasm').start(threads, 'test');
  const engine = new FallbackEngine({ engine: first, others: [successor], log });
  const [one, other] = [await engine.load(network), await engine.load(network)];
  const before = await one.predict(picture);
  assert.match(before.engine!.name, /^TensorFlow\.js tfjs-backend-wasm/);

  const running = [one, other, one, other].map((predictor) => predictor.predict(picture));
  for (const pid of childProcesses()) process.kill(pid, 'SIGKILL');
  const answers = await Promise.all(running);
  for (const { logits } of answers)
    for (const [index, value] of logits.entries()) assert.ok(Math.abs(value - before.logits[index]!) < 1e-4);
  const last = await other.predict(picture);
  assert.match(last.engine!.name, /^onnxruntime-node/);
  assert.match(engine.description.name, /^onnxruntime-node/);
  assert.match(
    engine.description.why,
    /^In place of TensorFlow\.js tfjs-backend-wasm .*, which was lost \(the engine's process ended: by SIGKILL/,
  );
  assert.deepEqual(
    told.map(({ message }) => message),
    ['engine lost, another took over'],
  );
  await engine.close();
});

test('without another engine the loss is a fault that can pass', { skip }, async () => {
  const engine = new FallbackEngine({ engine: await candidate('tensorflow-wasm').start(threads, 'test'), others: [], log: silentLog });
  const predictor = await engine.load(network);
  for (const pid of childProcesses()) process.kill(pid, 'SIGKILL');
  await assert.rejects(predictor.predict(picture), (error) => error instanceof Fault && error.code === 'engine-failed' && error.retryable);
  await engine.close();
});

test('what fails for the caller’s reasons is not taken for a loss', async () => {
  let started = 0;
  const others = [{ name: 'never', start: () => Promise.reject(new Error(`${++started}`)) }];
  const engine = new FallbackEngine({ engine: await successor.start('test'), others, log: silentLog });
  const predictor = await engine.load(network);
  await assert.rejects(
    predictor.predict({ ...picture, data: new Float32Array(96 * 96).fill(1e38) }),
    (error) => error instanceof Fault && error.code === 'engine-failed',
  );
  await assert.rejects(predictor.predict({ ...picture, height: 1 }), RangeError);
  assert.equal(started, 0);
  assert.equal(engine.description.why, 'test');
  await engine.close();
});

test('a prediction names the engine that computed it, the model the one in use', { skip }, async () => {
  const engine = new FallbackEngine({
    engine: await candidate('tensorflow-wasm').start(threads, 'test'),
    others: [successor],
    log: silentLog,
  });
  const model = await serveModel(await loadModelVersion(twoFindingModel), engine, () => ({}));
  const image = { values: seededImage('image', 256 * 256).map((value) => (value + 2) / 4), width: 256, height: 256, pixelAspect: 1 };
  const [before] = await model.predictXrays([image]);
  for (const pid of childProcesses()) process.kill(pid, 'SIGKILL');
  const [after] = await model.predictXrays([image]);
  assert.match(before!.engine!.name, /^TensorFlow/);
  assert.match(after!.engine!.name, /^onnxruntime/);
  assert.equal(model.engine.name, after!.engine!.name);
  for (const [index, { probability }] of after!.findings.entries())
    assert.ok(Math.abs(probability - before!.findings[index]!.probability) < 1e-4);
  await model.release();
  await engine.close();
});
