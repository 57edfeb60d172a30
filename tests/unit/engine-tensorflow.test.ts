import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { engineNames } from '../../src/engine/candidates.js';
import type { TensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import type { Trainer, TrainerOptions } from '../../src/engine/trainer.js';
import { Fault } from '../../src/errors.js';
import { enginesAtHand } from './engines-at-hand.js';
import { exampleArchitecture, relativeError } from './network-examples.js';
import { goldenTraining, trainerOptions, trainingBatch } from './network-train-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

/** The fastest of TensorFlow.js' backends that starts here; WASM comes with the development packages. */
const atHand = (await enginesAtHand(engineNames.filter((name) => name.startsWith('tensorflow-'))))
  .flatMap((one) => ('start' in one && !one.software ? [one] : []))
  .at(0);
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

test('weights of another architecture, inputs of a wrong shape and a released network are refused, and the engine goes on', {
  skip,
}, async () => {
  await assert.rejects(
    engine!.load({ ...starter(), architecture: exampleArchitecture('resnet-18') }),
    (error) => error instanceof Fault && error.code === 'model-invalid' && /tensor conv1.weight/.test(error.message),
  );
  const predictor = await engine!.load(starter());
  await assert.rejects(predictor.predict({ ...picture('x'), height: 95 }), RangeError);
  await assert.rejects(
    predictor.predict({ ...picture('x'), data: new Float32Array(96 * 96).fill(1e38) }),
    (error) => error instanceof Fault && error.code === 'engine-failed',
  );
  await predictor.predict(picture('x'));
  await predictor.release();
  await assert.rejects(predictor.predict(picture('x')), (error) => error instanceof Fault && error.code === 'engine-failed');
});

const options = (more: Partial<TrainerOptions> = {}): TrainerOptions => ({ ...trainerOptions(goldenTraining.cases['starter']!), ...more });
const batch = (step: number) => trainingBatch(goldenTraining.cases['starter']!, step);
const rates = goldenTraining.rates[0]!;

test('no tensor is forgotten by a training step, by a step that fails, nor by a trainer that is released', { skip }, async () => {
  const before = await engine!.tensorCount();
  const trainer = await engine!.startTrainer(options());
  const ready = await engine!.tensorCount();
  for (const step of [0, 1]) await trainer.step(batch(step), rates);
  await trainer.state();
  assert.equal(await engine!.tensorCount(), ready);
  await assert.rejects(trainer.step({ ...batch(2), weights: new Float32Array(4) }, rates), RangeError);
  assert.equal(await engine!.tensorCount(), ready);
  await trainer.release();
  assert.equal(await engine!.tensorCount(), before);
});

test('a run that was interrupted comes to the same weights as one that was not', { skip }, async () => {
  const fastai = goldenTraining.cases['starter-fastai head only']!;
  const take = async (trainer: Trainer, steps: readonly number[]) => {
    for (const step of steps) await trainer.step(trainingBatch(fastai, step), goldenTraining.rates[step]!);
    const state = await trainer.state();
    await trainer.release();
    return state;
  };
  const whole = await take(await engine!.startTrainer(trainerOptions(fastai)), [0, 1, 2, 3]);
  const half = await take(await engine!.startTrainer(trainerOptions(fastai)), [0, 1]);
  assert.equal(half.step, 2);
  const rest = await take(await engine!.startTrainer({ ...trainerOptions(fastai), resume: half }), [2, 3]);
  assert.equal(rest.step, 4);
  for (const part of ['tensors', 'optimizer'] as const)
    for (const [name, { data }] of whole[part]) assert.ok(relativeError(rest[part].get(name)!.data, data) < 1e-5, name);
});

test('what is frozen stays as it is', { skip }, async () => {
  const given = options({ trainFromGroup: 2 });
  const trainer = await engine!.startTrainer(given);
  await trainer.step(batch(0), rates);
  const { tensors } = await trainer.state();
  const changed = [...given.network.tensors]
    .filter(([name, { data }]) => tensors.get(name)!.data.some((value, index) => value !== data[index]))
    .map(([name]) => name);
  assert.deepEqual(changed, ['fc.weight', 'fc.bias']);
  await trainer.release();
});

test('a step that diverges is refused and changes nothing', { skip }, async () => {
  const trainer = await engine!.startTrainer(options());
  const before = await trainer.state();
  const data = batch(0).input.data.map((value, index) => (index === 5 ? Infinity : value));
  await assert.rejects(
    trainer.step({ ...batch(0), input: { ...batch(0).input, data } }, rates),
    (error) => error instanceof Fault && error.code === 'training-diverged',
  );
  const after = await trainer.state();
  assert.equal(after.step, 0);
  for (const [name, { data: values }] of before.tensors) assert.deepEqual(after.tensors.get(name)!.data, values);
  await trainer.release();
});

test('options and batches that contradict each other are refused', { skip }, async () => {
  await assert.rejects(engine!.startTrainer(options({ layerGroups: [['conv1']] })), RangeError);
  await assert.rejects(engine!.startTrainer(options({ trainFromGroup: 3 })), RangeError);
  const trainer = await engine!.startTrainer(options());
  await assert.rejects(trainer.step(batch(0), { ...rates, learningRates: [1] }), RangeError);
  await assert.rejects(trainer.step({ ...batch(0), targets: new Float32Array(3) }, rates), RangeError);
  await assert.rejects(trainer.step({ ...batch(0), weights: new Float32Array(3) }, rates), RangeError);
  await trainer.release();
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
