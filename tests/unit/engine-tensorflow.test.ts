import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { engineNames } from '../../src/engine/candidates.js';
import type { TensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { Fault } from '../../src/errors.js';
import { enginesAtHand } from './engines-at-hand.js';
import { exampleArchitecture } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

/** The fastest of TensorFlow.js' backends that starts here; WASM comes with the development packages. */
const atHand = (await enginesAtHand(engineNames.filter((name) => name.startsWith('tensorflow-')))).flatMap((one) => ('start' in one ? [one] : [])).at(0);
const skip = atHand ? false : 'no TensorFlow.js backend starts here';
const engine = await start();
after(() => engine?.close());

async function start(): Promise<TensorflowEngine | undefined> {
  return (await atHand?.start()) as TensorflowEngine | undefined;
}

const starter = () => {
  const architecture = exampleArchitecture('starter');
  return { architecture, tensors: seededWeights(architecture) };
};
const picture = (name: string) => ({ data: seededImage(name, 96 * 96), batch: 1, channels: 1, height: 96, width: 96 });

test('no tensor is forgotten by a prediction, nor by a network that is released', { skip }, async () => {
  const before = await engine!.tensorCount();
  const predictor = await engine!.load(starter());
  const loaded = await engine!.tensorCount();
  assert.ok(loaded > before);
  for (const name of ['a', 'b', 'c']) await predictor.predict(picture(name));
  assert.equal(await engine!.tensorCount(), loaded);
  await predictor.release();
  assert.equal(await engine!.tensorCount(), before);
});

test('the event loop goes on while the engine computes', { skip }, async () => {
  const predictor = await engine!.load(starter());
  const input = { data: seededImage('large', 16 * 224 * 224), batch: 16, channels: 1, height: 224, width: 224 };
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const start = performance.now();
  await predictor.predict(input);
  const milliseconds = performance.now() - start;
  clearInterval(timer);
  assert.ok(turns > milliseconds / 50, `${turns} turns in ${milliseconds.toFixed(0)} ms`);
  await predictor.release();
});

test('calls that overlap each get their own answer', { skip }, async () => {
  const predictor = await engine!.load(starter());
  const names = ['a', 'b', 'c', 'd'];
  const together = await Promise.all(names.map((name) => predictor.predict(picture(name))));
  for (const [index, name] of names.entries()) assert.deepEqual(together[index]!.logits, (await predictor.predict(picture(name))).logits);
  await predictor.release();
});

test('weights of another architecture, inputs of a wrong shape and a released network are refused, and the engine goes on', { skip }, async () => {
  await assert.rejects(engine!.load({ ...starter(), architecture: exampleArchitecture('resnet-18') }), (error) => error instanceof Fault && error.code === 'model-invalid' && /tensor conv1.weight/.test(error.message));
  const predictor = await engine!.load(starter());
  await assert.rejects(predictor.predict({ ...picture('x'), height: 95 }), RangeError);
  await assert.rejects(predictor.predict({ ...picture('x'), data: new Float32Array(96 * 96).fill(1e38) }), (error) => error instanceof Fault && error.code === 'engine-failed');
  await predictor.predict(picture('x'));
  await predictor.release();
  await assert.rejects(predictor.predict(picture('x')), (error) => error instanceof Fault && error.code === 'engine-failed');
});

test('an engine that was closed says so and leaves nothing behind', { skip }, async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('chest-ai-wasm-'));
  const short = (await start())!;
  const predictor = await short.load(starter());
  await short.close();
  await assert.rejects(predictor.predict(picture('x')), (error) => error instanceof Fault && /process ended: stopped/.test(error.message));
  const left = readdirSync(tmpdir()).filter((name) => name.startsWith('chest-ai-wasm-') && !before.includes(name));
  assert.deepEqual(left, []);
});
