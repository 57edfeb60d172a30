import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { retrainingStateOf } from '../../src/server/page/retraining-state.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { writeCheckpoint } from '../../src/training/checkpoint.js';
import { temporaryDirectory } from '../support/orthanc.js';

const now = new Date('2026-02-01T00:00:00Z');
test('retraining: idle, in progress with its step, or failed', async () => {
  const dataDir = temporaryDirectory('page-retraining');
  const look = (queue: {
    readonly active?: number;
    readonly waiting?: number;
    readonly failed?: number;
  }): ReturnType<typeof retrainingStateOf> =>
    retrainingStateOf({
      dataDir,
      jobs: {
        stats: async () => [
          {
            queue: 'retraining',
            waiting: 0,
            active: 0,
            retrying: 0,
            failed: 0,
            oldestAgeMs: undefined,
            maxActiveMs: undefined,
            ...queue,
          },
        ],
      },
      registry: { lastRun: async () => undefined },
    });
  assert.deepEqual(await look({}), { state: 'idle' });
  assert.equal((await look({ failed: 1 })).state, 'failed');
  const run = join(dataDir, 'retraining/run');
  await mkdir(run, { recursive: true });
  const recipe = {
    ...fastaiRecipe,
    stages: [
      { what: 'head' as const, epochs: 2, rate: 0.01 },
      { what: 'all' as const, epochs: 4, rate: 0.01 },
    ],
  };
  await writeFile(
    join(run, 'plan.json'),
    JSON.stringify({
      id: 'retraining-1',
      startedAt: now.toISOString(),
      by: 'admin',
      champion: 'a',
      classes: ['pneumonia'],
      objective: 'several',
      images: [],
      recipe,
      rules: defaultPromotionRules,
      lock: 'l',
      warnings: [],
    }),
  );
  const step = async (): Promise<unknown> => {
    const { state, inProgress } = await look({ active: 1 });
    return [state, inProgress?.step, inProgress?.epochsDone, inProgress?.epochs];
  };
  assert.deepEqual(await step(), ['running', 'images', 0, 6]);
  await writeFile(join(run, 'settings.json'), '{}');
  assert.deepEqual(await step(), ['running', 'training', 0, 6]);
  const checkpoint = {
    fingerprint: 'a'.repeat(64),
    step: 1,
    losses: { sum: 0, average: 0, count: 0 },
    tensors: new Map(),
    optimizer: new Map(),
  };
  await writeCheckpoint(join(run, 'checkpoints'), { ...checkpoint, position: { stage: 1, epoch: 1, batch: 0 } });
  assert.deepEqual(await step(), ['running', 'training', 3, 6]);
  await writeCheckpoint(join(run, 'checkpoints'), { ...checkpoint, position: { stage: 2, epoch: 0, batch: 0 } });
  assert.deepEqual(await step(), ['running', 'evaluation', 6, 6]);
});
