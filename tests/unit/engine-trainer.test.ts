import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import type { Trainer, TrainerOptions, TrainingBatch } from '../../src/engine/trainer.js';
import { readSafetensors, writeSafetensors, type Tensor, type Tensors } from '../../src/network/safetensors.js';
import { goldenTraining, trainerOptions, trainingBatch } from './network-train-examples.js';

const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 2 }, description: { name: 'test', why: 'test' } });
after(() => engine.close());

const golden = goldenTraining.cases['starter-fastai']!;
const options = trainerOptions(golden);
const batches = [0, 1, 2, 3].map((step) => trainingBatch(golden, step));
const take = (trainer: Trainer, step: number) => trainer.step(batches[step]!, goldenTraining.rates[step]!);

function assertSame(found: Tensors, expected: Tensors): void {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
  for (const [name, tensor] of expected) assert.deepEqual(found.get(name), tensor, name);
}

test('a trainer that was stopped and resumed from its state, dropout included, comes to the same weights', async () => {
  const whole = await engine.startTrainer(options);
  for (const step of [0, 1, 2, 3]) await take(whole, step);
  const expected = await whole.state();
  await whole.release();

  const first = await engine.startTrainer(options);
  await take(first, 0);
  await take(first, 1);
  const { step, tensors, optimizer } = await first.state();
  await first.release();
  // as a checkpoint keeps it
  const stored = { step, tensors: readSafetensors(writeSafetensors(tensors)), optimizer: readSafetensors(writeSafetensors(optimizer)) };
  const second = await engine.startTrainer({ ...options, resume: stored });
  await take(second, 2);
  await take(second, 3);
  const found = await second.state();
  await second.release();
  assert.equal(found.step, 4);
  assertSame(found.tensors, expected.tensors);
  assertSame(found.optimizer, expected.optimizer);
});

test('the state is a copy, and the caller keeps batch and weights', async () => {
  const trainer = await engine.startTrainer(options);
  const before = await trainer.state();
  assertSame(before.tensors, options.network.tensors);
  await take(trainer, 0);
  assertSame(before.tensors, options.network.tensors);
  assert.notDeepEqual((await trainer.state()).tensors.get('conv1.weight'), before.tensors.get('conv1.weight'));
  assert.deepEqual(batches[0], trainingBatch(golden, 0));
  await trainer.release();
});

test('frozen groups keep their tensors, still batch norms their statistics too', async () => {
  for (const frozenBatchNorms of ['still', 'train'] as const) {
    const trainer = await engine.startTrainer({ ...options, trainFromGroup: 2, frozenBatchNorms });
    const before = await trainer.state();
    await take(trainer, 0);
    const now = await trainer.state();
    const moved = [...now.tensors]
      .filter(([name, tensor]) => tensor.data.some((value, index) => value !== before.tensors.get(name)!.data[index]))
      .map(([name]) => name);
    const norms = [...now.tensors.keys()].filter((name) => /(bn\d|downsample\.1)\./.test(name));
    const head = [...now.tensors.keys()].filter((name) => name.startsWith('head.'));
    assert.deepEqual(moved.sort(), [...head, ...(frozenBatchNorms === 'train' ? norms : [])].sort());
    await trainer.release();
  }
});

test('a loss that is not finite is a fault, and the weights are those before the step', async () => {
  const trainer = await engine.startTrainer(options);
  await take(trainer, 0);
  const before = await trainer.state();
  const broken = {
    ...batches[1]!,
    input: { ...batches[1]!.input, data: batches[1]!.input.data.map((value, index) => (index === 5 ? NaN : value)) },
  };
  await assert.rejects(
    trainer.step(broken, goldenTraining.rates[1]!),
    (error) => error instanceof Fault && error.code === 'training-diverged' && /the loss is NaN in step 1/.test(error.message),
  );
  const now = await trainer.state();
  assert.equal(now.step, 1);
  assertSame(now.tensors, before.tensors);
  assertSame(now.optimizer, before.optimizer);
  await trainer.release();
});

test('weights that grow without end are noticed before they are spoilt', async () => {
  const trainer = await engine.startTrainer({ ...options, adamW: { ...options.adamW, epsilon: 1e-8 } });
  const wild = { learningRates: [1e30, 1e30, 1e30], momentum: 0.9 };
  await assert.rejects(
    async () => {
      for (const step of [0, 1, 2, 3]) await trainer.step(batches[step]!, wild);
    },
    (error) => error instanceof Fault && error.code === 'training-diverged',
  );
  for (const [name, { data }] of (await trainer.state()).tensors) assert.ok(data.every(Number.isFinite), name);
  await trainer.release();
});

test('the event loop goes on during a step', async () => {
  const trainer = await engine.startTrainer(options);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await take(trainer, 0);
  clearInterval(timer);
  assert.ok(turns > 5, `${turns} turns`);
  await trainer.release();
});

const other = (change: (tensors: Map<string, Tensor>) => void): TrainerOptions => {
  const tensors = new Map(options.network.tensors);
  change(tensors);
  return { ...options, network: { ...options.network, tensors } };
};
const refusedModels: readonly (readonly [string, () => TrainerOptions | Promise<TrainerOptions>, RegExp])[] = [
  [
    'weights of another architecture',
    () => ({ ...options, network: { ...options.network, tensors: trainerOptions(goldenTraining.cases['resnet-18']!).network.tensors } }),
    /tensor conv1\.weight: expected shape \[32, 1, 7, 7\], found \[64, 3, 7, 7\]/,
  ],
  [
    'a weight that is not a number',
    () => other((tensors) => tensors.set('bn1.bias', { shape: [32], data: new Float32Array(32).fill(NaN) })),
    /tensor bn1\.bias: expected finite values, found NaN at element 0/,
  ],
  [
    'a head for another number of classes',
    () => other((tensors) => tensors.set('head.8.weight', { shape: [5, 512], data: new Float32Array(5 * 512) })),
    /tensor head\.8\.weight: expected shape \[3, 512\], found \[5, 512\]/,
  ],
  [
    'a state without the optimizer of a trained tensor',
    () => ({ ...options, resume: { step: 1, tensors: options.network.tensors, optimizer: new Map() } }),
    /tensor conv1\.weight\.expAvg: expected shape \[32, 1, 7, 7\], found none .*state of the trainer/s,
  ],
];
for (const [what, make, message] of refusedModels) {
  test(`a trainer is not started with ${what}`, async () => {
    await assert.rejects(
      async () => engine.startTrainer(await make()),
      (error) => {
        assert.ok(error instanceof Fault && error.code === 'model-invalid');
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

const refusedOptions: readonly (readonly [string, Partial<TrainerOptions>, RegExp])[] = [
  [
    'a class weight too few',
    { objective: { kind: 'one-of-many', classWeights: [1, 2] } },
    /expected 3 class weights, one for each output, found 2/,
  ],
  [
    'a negative class weight',
    { objective: { kind: 'several', classWeights: [1, -2, 1] } },
    /class weights of 0 or more, found \[1, -2, 1\]/,
  ],
  ['a batch of one where a batch norm needs more', { batch: 1 }, /batch norm head\.2 needs more than one value a channel/],
  ['a picture that vanishes in the network', { height: 0 }, /leaves nothing at/],
  [
    'a layer that is in no group',
    { layerGroups: options.layerGroups.map((group) => group.filter((name) => name !== 'layer2.0.conv1')) },
    /layer layer2\.0\.conv1 stands in no layer group/,
  ],
  [
    'a layer that is in two groups',
    { layerGroups: [...options.layerGroups, ['fc', 'conv1']].map((group, index) => (index === 3 ? ['conv1'] : group)) },
    /layer conv1 stands in two layer groups/,
  ],
  ['every group frozen', { trainFromGroup: 3 }, /nothing is trained from group 3 of 3 on/],
  [
    'label smoothing of everything',
    { objective: { kind: 'one-of-many', labelSmoothing: 1 } },
    /label smoothing from 0 to below 1, found 1/,
  ],
];
for (const [what, change, message] of refusedOptions) {
  test(`a trainer is not started with ${what}`, async () => {
    await assert.rejects(engine.startTrainer({ ...options, ...change }), (error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('batches that do not fit the trainer are refused', async () => {
  const trainer = await engine.startTrainer(options);
  const [batch, rates] = [batches[0]!, goldenTraining.rates[0]!];
  const refused: readonly (readonly [TrainingBatch, typeof rates, RegExp])[] = [
    [{ ...batch, input: { ...batch.input, channels: 3 } }, rates, /the trainer takes \[16, 1, 40, 40\], found \[16, 3, 40, 40\]/],
    [{ ...batch, input: { ...batch.input, data: batch.input.data.subarray(1) } }, rates, /expected 25600 values, found 25599/],
    [{ ...batch, targets: batch.targets.subarray(3) }, rates, /expected 48 targets, found 45/],
    [{ ...batch, targets: batch.targets.map(() => 2) }, rates, /targets lie between 0 and 1/],
    [{ ...batch, weights: batch.weights!.map(() => 0) }, rates, /no target of the batch has a weight above 0/],
    [{ ...batch, weights: batch.weights!.map(() => NaN) }, rates, /expected weights that are finite and not negative, found NaN at 0/],
    [batch, { ...rates, learningRates: [1e-3] }, /expected 3 learning rates of 0 or more, found \[0\.001\]/],
    [batch, { ...rates, momentum: 1 }, /expected a momentum from 0 to below 1, found 1/],
  ];
  for (const [given, step, message] of refused)
    await assert.rejects(trainer.step(given, step), (error) => error instanceof RangeError && message.test(error.message), String(message));
  await trainer.release();
});
