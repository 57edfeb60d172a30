import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareImages } from '../../src/retraining/compared-images.js';
import { estimatedMinutes, firstEstimatedMinutes } from '../../src/retraining/readiness.js';
import {
  describeRun,
  describeRunEnd,
  eraseFromRuns,
  flatSettings,
  listRuns,
  maxSteps,
  readRun,
  thinned,
} from '../../src/retraining/run-history.js';
import type { EpochEntry, LogEntry, StepEntry } from '../../src/training/training-log.js';
import { temporaryDirectory } from '../support/orthanc.js';

const step = (batch: number): StepEntry => ({
  kind: 'step',
  stage: 0,
  epoch: 0,
  batch,
  loss: 1,
  smoothedLoss: 1 / (batch + 1),
  gradientNorm: 1,
  learningRate: 0.1,
  momentum: 0.9,
});
const epoch = (number: number): EpochEntry => ({
  kind: 'epoch',
  stage: 0,
  epoch: number,
  trainLoss: 1,
  validationLoss: 0.9,
  validationAccuracy: 0.7,
  seconds: 30,
  imagesPerSecond: 3,
});
const head = {
  id: 'train-abc',
  kind: 'command' as const,
  name: 'set',
  startedAt: '2026-03-01T02:00:00.000Z',
  classes: ['pneumonia'],
  settings: { batch: '4' },
  images: { train: 10 },
};

test('a run of the command is listed while it trains, with the curve so far, and then with its version', async () => {
  const dataDir = temporaryDirectory('runs');
  const folder = join(dataDir, 'training/abc');
  await describeRun(folder, head);
  assert.deepEqual(await listRuns({ dataDir }), [head]);
  // A line that is being written is not read.
  await appendFile(join(folder, 'log.jsonl'), `${JSON.stringify(step(0))}\n${JSON.stringify(step(1))}\n{"kind":"st`);
  assert.equal((await readRun({ dataDir }, 'train-abc'))!.log.length, 2);
  await describeRunEnd(folder, new Date('2026-03-01T03:00:00Z'), '0123456789ab');
  const ended = await readRun({ dataDir }, 'train-abc');
  assert.deepEqual([ended!.endedAt, ended!.version], ['2026-03-01T03:00:00.000Z', '0123456789ab']);
  assert.equal(await readRun({ dataDir }, '../train-abc'), undefined);
  // Another line has no runs of the command.
  assert.deepEqual(await listRuns({ dataDir, line: 'other' }), []);
});

test('of many steps an even choice with the last one is shown, and every epoch', () => {
  const log: LogEntry[] = [...Array.from({ length: 10_001 }, (_, batch) => step(batch)), epoch(0), epoch(1)];
  const shown = thinned(log, maxSteps);
  const steps = shown.filter((one): one is StepEntry => one.kind === 'step');
  assert.ok(steps.length <= maxSteps && steps.length > maxSteps / 2, String(steps.length));
  assert.equal(steps.at(-1)!.batch, 10_000);
  assert.equal(shown.length - steps.length, 2);
  assert.equal(new Set(steps.slice(1).map(({ batch }, index) => batch - steps[index]!.batch)).size, 1, 'evenly spaced');
});

test('erasure of a study removes its images from remembered runs', async () => {
  const dataDir = temporaryDirectory('runs');
  const folder = join(dataDir, 'retraining/runs');
  mkdirSync(folder, { recursive: true });
  const image = (studyInstanceUID: string) => ({
    studyInstanceUID,
    finding: 'pneumonia',
    truth: null,
    challenger: 0.5,
    champion: null,
    loss: null,
  });
  writeFileSync(
    join(folder, 'retraining-1.json'),
    JSON.stringify({ ...head, id: 'retraining-1', kind: 'retraining', log: [], compared: [image('1.2'), image('1.3')] }),
  );
  assert.equal(await eraseFromRuns({ dataDir }, (uid) => uid === '1.2', true), 1);
  assert.equal((await readRun({ dataDir }, 'retraining-1'))!.compared.length, 2, 'counting removes nothing');
  assert.equal(await eraseFromRuns({ dataDir }, (uid) => uid === '1.2'), 1);
  assert.deepEqual(
    (await readRun({ dataDir }, 'retraining-1'))!.compared.map(({ studyInstanceUID }) => studyInstanceUID),
    ['1.3'],
  );
});

test('settings by dotted name; nothing is lost', () => {
  assert.deepEqual(flatSettings({ seed: 42, stages: [{ what: 'head' }, { what: 'all' }], augmentation: { flip: 0 }, none: undefined }), {
    seed: '42',
    'stages.1.what': 'head',
    'stages.2.what': 'all',
    'augmentation.flip': '0',
  });
});

test('the greatest losses, and the greatest differences between two versions', () => {
  const image = (id: string, truth: 0 | 1 | null, score: number) => ({
    id,
    patient: id,
    source: '',
    view: '',
    yTrue: [truth],
    yScore: [score],
  });
  const set = (images: readonly ReturnType<typeof image>[]) => ({
    objective: 'several' as const,
    classes: ['pneumonia'],
    thresholds: [0.5],
    images,
  });
  const compared = compareImages(
    set([image('a', 1, 0.01), image('b', 0, 0.4), image('c', null, 0.9)]),
    set([image('a', 1, 0.02), image('b', 0, 0.4), image('c', null, 0.1)]),
    (id) => (id === 'b' ? undefined : `1.2.${id}`),
  );
  assert.deepEqual(
    compared.map(({ studyInstanceUID, truth, loss }) => [studyInstanceUID, truth, loss === null ? null : Number(loss.toFixed(3))]),
    [
      ['1.2.a', 'present', 4.605],
      ['1.2.c', null, null],
    ],
  );
  assert.ok(Math.abs(compared[1]!.challenger - compared[1]!.champion!) > 0.79);
});

test('usability 15: the time of a run is estimated from the last one: images, epochs and threads', () => {
  const last = {
    log: [epoch(0), epoch(1)],
    images: { train: 100 },
    threads: 2,
    startedAt: '2026-03-01T02:00:00Z',
    endedAt: '2026-03-01T02:10:00Z',
  };
  // 60 s of training on 2 threads and 540 s of everything else
  assert.equal(estimatedMinutes(last, 100, 2, [{ epochs: 2 }]), 10);
  assert.equal(estimatedMinutes(last, 200, 2, [{ epochs: 2 }]), 20);
  assert.equal(estimatedMinutes(last, 100, 1, [{ epochs: 20 }]), 29);
  assert.equal(estimatedMinutes(undefined, 100, 1, [{ epochs: 2 }]), undefined);
  assert.equal(estimatedMinutes({ ...last, log: [step(0)] }, 100, 1, [{ epochs: 2 }]), undefined);
});

test('usability 15: before the first run the time is estimated from the inference of the last studies', () => {
  const timings = [
    { infer: 100, retrieve: 50, decode: 50 },
    { infer: 120, retrieve: 60, decode: 60, total: 9_000 },
    { infer: 90, retrieve: 40 },
  ];
  const stages = [
    { what: 'head', epochs: 1 },
    { what: 'all', epochs: 2 },
  ] as const;
  // (50 + 60 + 100 · (2 + 12 + 2)) ms for each of 1000 images
  assert.equal(firstEstimatedMinutes(timings, 1_000, 1, stages), Math.round((1_000 * 1_710) / 60_000));
  assert.equal(firstEstimatedMinutes(timings, 1_000, 2, stages), Math.round((1_000 * 3_310) / 60_000));
  assert.equal(firstEstimatedMinutes(timings, 1, 1, stages), 1);
  assert.equal(firstEstimatedMinutes([], 1_000, 1, stages), undefined);
});
