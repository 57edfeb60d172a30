import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { splitExamples, type Split } from '../../src/dataset/split.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { resnet } from '../../src/network/resnet.js';
import { writeSafetensors, type Tensors } from '../../src/network/safetensors.js';
import { findRate } from '../../src/training/find-rate.js';
import { fastaiRecipe, type Recipe } from '../../src/training/recipe.js';
import { trainNetwork, type TrainingOutcome } from '../../src/training/train-network.js';
import type { TrainingRun } from '../../src/training/training-run.js';
import type { EpochEntry } from '../../src/training/training-log.js';
import { discSet } from '../support/disc-set.js';
import { isFault } from '../support/fault.js';

const root = mkdtempSync(join(tmpdir(), 'fit-'));
after(() => rmSync(root, { recursive: true, force: true }));

const architecture = resnet({
  block: 'basic',
  inputChannels: 1,
  layers: [1, 1, 1],
  widths: [8, 16, 24],
  strides: [1, 2, 2],
  outputs: 2,
  head: 'fastai',
});
const recipe: Recipe = {
  ...fastaiRecipe,
  batch: 12,
  stages: [
    { what: 'head', epochs: 2, rate: 3e-3 },
    { what: 'all', epochs: 3, rate: 1e-2 },
  ],
};
const bytesOf = (tensors: Tensors): Buffer => Buffer.from(writeSafetensors(tensors));

describe('training on onnxruntime', () => {
  let engine: OnnxEngine;
  let base: TrainingRun;
  let uninterrupted: Extract<TrainingOutcome, { finished: true }>;
  before(async () => {
    engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description: { name: 'onnxruntime, CPU', why: 'a test' } });
    const { source } = await discSet(join(root, 'discs'));
    const input = { width: 32, height: 32, channels: 1, normalization: 'per-image' } as const;
    const cache = new PictureCache(join(root, 'cache'), input);
    assert.equal((await cache.fill(source, source.examples)).size, 0);
    const split: Split = splitExamples(source.examples, { seed: 1, shares: { validation: 0.25 } });
    const of = (part: string) =>
      source.examples
        .filter((_, index) => split.parts[index] === part)
        .map(({ key, source: from, labels }) => ({
          key,
          source: from,
          truth: source.classes.map((name): 0 | 1 => (labels.includes(name) ? 1 : 0)),
        }));
    base = {
      directory: join(root, 'first'),
      architecture,
      initial: initialWeights(architecture, 1),
      input,
      kind: 'one-of-many',
      train: of('train'),
      validation: of('validation'),
      cache,
      recipe,
      engine,
      workers: 1,
    };
    const outcome = await trainNetwork(base);
    assert.ok(outcome.finished);
    uninterrupted = outcome;
  });
  after(() => engine?.close());

  test('the loss falls, and a log and curves are kept', () => {
    const epochs = uninterrupted.log.filter((entry): entry is EpochEntry => entry.kind === 'epoch');
    assert.deepEqual(
      epochs.map(({ stage, epoch }) => [stage, epoch]),
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [1, 2],
      ],
    );
    assert.ok(epochs.at(-1)!.trainLoss < epochs[0]!.trainLoss, JSON.stringify(epochs));
    const lines = readFileSync(join(root, 'first/log.jsonl'), 'utf8').trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      uninterrupted.log,
    );
    assert.equal(readFileSync(join(root, 'first/loss.png')).subarray(1, 4).toString(), 'PNG');
  });

  test('the frozen stage leaves the body as it is', async () => {
    const outcome = await trainNetwork({
      ...base,
      directory: join(root, 'frozen'),
      recipe: { ...recipe, stages: recipe.stages.slice(0, 1) },
    });
    assert.ok(outcome.finished);
    for (const [name, { data }] of outcome.tensors) {
      assert.equal(
        Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(Buffer.from(base.initial.get(name)!.data.buffer)),
        !name.startsWith('head.'),
        name,
      );
    }
  });

  test('same seed, same engine: the same weights, however many threads augment; another seed: others', async () => {
    const again = await trainNetwork({ ...base, directory: join(root, 'again'), workers: 3 });
    assert.ok(again.finished && bytesOf(again.tensors).equals(bytesOf(uninterrupted.tensors)));
    const other = await trainNetwork({ ...base, directory: join(root, 'other'), recipe: { ...recipe, seed: 2 } });
    assert.ok(other.finished && !bytesOf(other.tensors).equals(bytesOf(uninterrupted.tensors)));
  });

  test('stopped again and again, in the middle of epochs, it ends with the same weights and the same log', async () => {
    const directory = join(root, 'stopped');
    let outcome: TrainingOutcome | undefined;
    let runs = 0;
    while (!outcome?.finished) {
      const controller = new AbortController();
      let steps = 0;
      outcome = await trainNetwork({
        ...base,
        directory,
        signal: controller.signal,
        onProgress: ({ epoch }) => void (!epoch && ++steps === 4 && controller.abort()),
      });
      assert.ok(++runs < 20);
    }
    assert.ok(runs > 4, `${runs} runs`);
    assert.ok(bytesOf(outcome.tensors).equals(bytesOf(uninterrupted.tensors)));
    const withoutTimes = (log: typeof uninterrupted.log): unknown => log.map((entry) => ({ ...entry, seconds: 0, imagesPerSecond: 0 }));
    assert.deepEqual(withoutTimes(outcome.log), withoutTimes(uninterrupted.log));
  });

  test('a stage on smaller pictures, with what augmentation does to lungs: stopped and gone on with, the same weights', async () => {
    const own: Recipe = {
      ...recipe,
      stages: [
        { what: 'all', epochs: 1, rate: 1e-2, pixels: 48 },
        { what: 'all', epochs: 1, rate: 1e-2 },
      ],
      augmentation: { ...recipe.augmentation, lungs: { pExchange: 0.4, pAlone: 0.2, pCovered: 0.3, pCrop: 0.5 } },
    };
    const lungs: TrainingRun = { ...base, recipe: own, train: base.train.map((image) => ({ ...image, frontalChest: true })) };
    const whole = await trainNetwork({ ...lungs, directory: join(root, 'lungs') });
    assert.ok(whole.finished);
    let outcome: TrainingOutcome | undefined;
    for (let runs = 0; !outcome?.finished && runs < 20; runs++) {
      const controller = new AbortController();
      let steps = 0;
      outcome = await trainNetwork({
        ...lungs,
        directory: join(root, 'lungs-stopped'),
        workers: 3,
        signal: controller.signal,
        onProgress: ({ epoch }) => void (!epoch && ++steps === 3 && controller.abort()),
      });
    }
    assert.ok(outcome?.finished && bytesOf(outcome.tensors).equals(bytesOf(whole.tensors)));
    const noLungs = await trainNetwork({ ...lungs, train: base.train, directory: join(root, 'no-lungs') });
    assert.ok(noLungs.finished && !bytesOf(noLungs.tensors).equals(bytesOf(whole.tensors)), 'what has no lungs is left as it is');
    // whose lungs these are belongs to the run
    await assert.rejects(trainNetwork({ ...lungs, train: base.train, directory: join(root, 'lungs') }), isFault('request-invalid'));
  });

  test('a finished run is read, not trained again; a folder of another run is refused', async () => {
    let steps = 0;
    const again = await trainNetwork({ ...base, onProgress: () => steps++ });
    assert.ok(again.finished && bytesOf(again.tensors).equals(bytesOf(uninterrupted.tensors)));
    assert.equal(steps, 0);
    await assert.rejects(trainNetwork({ ...base, recipe: { ...recipe, weightDecay: 0.5 } }), isFault('request-invalid'));
  });

  test('fastai’s frozen stage trains the batch norms of the body and nothing else of it', async () => {
    const outcome = await trainNetwork({
      ...base,
      directory: join(root, 'train-bn'),
      recipe: { ...recipe, stages: [{ what: 'head-train-bn', epochs: 1, rate: 3e-3 }] },
    });
    assert.ok(outcome.finished);
    const changed = [...outcome.tensors]
      .filter(([name, { data }]) => !data.every((value, index) => value === base.initial.get(name)!.data[index]))
      .map(([name]) => name);
    assert.ok(changed.includes('bn1.weight') && changed.includes('bn1.running_mean') && changed.includes('head.8.weight'));
    assert.deepEqual(
      changed.filter((name) => /conv/.test(name)),
      [],
    );
  });

  test('several findings, some not known, with class weights and balanced sampling', async () => {
    const unknown = base.train.map((image, index) => ({ ...image, truth: index % 5 === 0 ? [null, image.truth[1]!] : image.truth }));
    for (const balance of ['class-weights', 'source-sampling'] as const) {
      const outcome = await trainNetwork({
        ...base,
        directory: join(root, balance),
        kind: 'several',
        train: unknown,
        recipe: { ...recipe, balance, labelSmoothing: 0.02, stages: [{ what: 'all', epochs: 1, rate: 3e-3 }] },
      });
      assert.ok(
        outcome.finished &&
          outcome.log.every((entry) => (entry.kind === 'step' ? Number.isFinite(entry.loss) : Number.isFinite(entry.validationLoss))),
      );
    }
  });

  test('a loss that is not a number: the fault states where, and the last checkpoint is intact', async () => {
    const directory = join(root, 'diverged');
    const wild: Recipe = {
      ...recipe,
      stages: [
        { what: 'head', epochs: 1, rate: 3e-3 },
        { what: 'all', epochs: 1, rate: 10 },
      ],
      weightDecay: 0,
      epsilon: 1e-30,
    };
    const poisoned = new Map(base.initial).set('conv1.weight', {
      shape: base.initial.get('conv1.weight')!.shape,
      data: base.initial.get('conv1.weight')!.data.map(() => 3e38),
    });
    await assert.rejects(
      trainNetwork({ ...base, directory, initial: poisoned, recipe: { ...wild, stages: wild.stages.slice(1) } }),
      (error: unknown) => {
        isFault('training-diverged')(error);
        assert.match((error as Error).message, /stage all, epoch 1, batch 1, learning rate/);
        return true;
      },
    );
    assert.ok(!existsSync(join(directory, 'checkpoints')), 'nothing half-trained is left to go on from');
  });

  test('a disk that fills up during training: a fault, the previous checkpoint is intact, and with free space training continues to the same weights', async (t) => {
    const directory = join(root, 'small-disk');
    mkdirSync(directory);
    const size = Math.ceil(bytesOf(base.initial).length / 1024);
    const mount =
      process.platform === 'linux' && process.getuid?.() === 0
        ? spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size * 4}k`, 'tmpfs', directory], { encoding: 'utf8' })
        : undefined;
    if (mount?.status !== 0)
      return t.skip(`a small disk cannot be mounted here: ${mount ? mount.stderr.trim() : 'only root on Linux can'}`);
    try {
      await assert.rejects(trainNetwork({ ...base, directory }), isFault('disk-full'));
      spawnSync('mount', ['-o', 'remount,size=64m', directory]);
      const outcome = await trainNetwork({ ...base, directory });
      assert.ok(outcome.finished && bytesOf(outcome.tensors).equals(bytesOf(uninterrupted.tensors)));
    } finally {
      spawnSync('umount', ['-l', directory]);
    }
    return undefined;
  });

  test('the search for a rate: falls, explodes, suggests, and touches nothing', async () => {
    const first = bytesOf(base.initial);
    const { found, suggestions } = await findRate(base);
    assert.ok(found.length > 40 && found.length <= 100, `${found.length} batches`);
    // the steepest of a hundred noisy batches may lie anywhere; the valley is where rates work
    assert.ok(suggestions && suggestions.valley > 1e-5 && suggestions.valley < 1, JSON.stringify(suggestions));
    assert.ok(bytesOf(base.initial).equals(first));
    assert.deepEqual((await findRate(base)).found, found, 'the same each time');
  });
});
