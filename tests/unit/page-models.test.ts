import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { driftOf } from '../../src/app/page-drift.js';
import { nightOf } from '../../src/app/page-night.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { writeCheckpoint } from '../../src/training/checkpoint.js';
import { temporaryDirectory } from '../support/orthanc.js';

const now = new Date('2026-02-01T00:00:00Z');
const result = (days: number, probability: number, change: { readonly rule?: string; readonly modelVersion?: string } = {}): Parameters<typeof driftOf>[0][number] => ({
  createdAt: new Date(now.getTime() - days * 86_400_000), modelVersion: 'a', rule: 'x-ray', findings: [{ name: 'pneumonia', code: '', scheme: '', meaning: 'Pneumonia', probability, decision: 'absent' }], ...change,
});

test('drift: one model, one rule, the last seven days against before', () => {
  const before = Array.from({ length: 100 }, (_, index) => result(8 + index, index / 100));
  const moved = Array.from({ length: 50 }, (_, index) => result(index / 10, 0.9 + index / 1000));
  const others = [result(1, 0.1, { modelVersion: 'b' }), result(1, 0.1, { rule: 'ct' }), result(1, 0.2, { rule: 'ct' })];
  const [one, ...rest] = driftOf([...moved, ...before, ...others], 'a', now);
  assert.deepEqual(rest, [], 'CT has nothing before');
  assert.deepEqual([one?.rule, one?.finding, one?.before, one?.lately], ['x-ray', 'Pneumonia', 100, 50]);
  assert.ok(Math.abs(one!.meanBefore - 0.495) < 1e-9 && one!.stability > 0.25 && one!.pValue < 0.001, JSON.stringify(one));
  const same = driftOf([...before, ...before.map((row) => ({ ...row, createdAt: now }))], 'a', now)[0]!;
  assert.deepEqual([same.stability, same.pValue], [0, 1]);
  assert.ok(same.expectedStability > 0);
});

test('a night: at rest, under way with its step, or waiting for a person', async () => {
  const dataDir = temporaryDirectory('page-night');
  const look = (queue: { readonly active?: number; readonly waiting?: number; readonly parked?: number }): ReturnType<typeof nightOf> =>
    nightOf({ dataDir, jobs: { stats: async () => [{ queue: 'retrain-model', waiting: 0, active: 0, retrying: 0, parked: 0, oldestAgeMs: undefined, ...queue }] }, registry: { lastNight: async () => undefined } });
  assert.deepEqual(await look({}), { state: 'idle' });
  assert.equal((await look({ parked: 1 })).state, 'parked');
  const run = join(dataDir, 'night/run');
  await mkdir(run, { recursive: true });
  const recipe = { ...fastaiRecipe, stages: [{ what: 'head' as const, epochs: 2, rate: 0.01 }, { what: 'all' as const, epochs: 4, rate: 0.01 }] };
  await writeFile(join(run, 'plan.json'), JSON.stringify({ id: 'night-1', startedAt: now.toISOString(), by: 'admin', champion: 'a', classes: ['pneumonia'], objective: 'several', images: [], recipe, rules: defaultPromotionRules, lock: 'l', warnings: [] }));
  const step = async (): Promise<unknown> => {
    const { state, underWay } = await look({ active: 1 });
    return [state, underWay?.step, underWay?.epochsDone, underWay?.epochs];
  };
  assert.deepEqual(await step(), ['running', 'pictures', 0, 6]);
  await writeFile(join(run, 'settings.json'), '{}');
  assert.deepEqual(await step(), ['running', 'training', 0, 6]);
  const checkpoint = { fingerprint: 'a'.repeat(64), step: 1, losses: { sum: 0, average: 0, count: 0 }, tensors: new Map(), optimizer: new Map() };
  await writeCheckpoint(join(run, 'checkpoints'), { ...checkpoint, position: { stage: 1, epoch: 1, batch: 0 } });
  assert.deepEqual(await step(), ['running', 'training', 3, 6]);
  await writeCheckpoint(join(run, 'checkpoints'), { ...checkpoint, position: { stage: 2, epoch: 0, batch: 0 } });
  assert.deepEqual(await step(), ['running', 'judging', 6, 6]);
});
