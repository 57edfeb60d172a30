import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bringRetrainingFolderForward } from '../../src/retraining/bring-folder-forward.js';
import { parsePlan } from '../../src/retraining/retraining-plan.js';
import { silentLog } from '../../src/log.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { temporaryDirectory } from '../support/orthanc.js';

const memory = ['labels.json', 'patient-key', 'test-lock.json'];

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

async function bringForward(dataDir: string): Promise<readonly string[]> {
  const warnings: string[] = [];
  await bringRetrainingFolderForward({ dataDir }, { ...silentLog, warn: (message) => void warnings.push(message) });
  return warnings;
}

test('DATA_DIR/night of releases 0.1.0 and 0.2.0 becomes DATA_DIR/retraining with everything in it', async () => {
  const dataDir = temporaryDirectory('forward');
  write(join(dataDir, 'night'), {
    'test-lock.json': 'lock',
    'patient-key': 'key',
    'labels.json': '[]',
    'run/plan.json': '{}',
    'pictures/a': 'x',
  });
  assert.deepEqual(await bringForward(dataDir), []);
  assert.equal(existsSync(join(dataDir, 'night')), false);
  assert.deepEqual(readdirSync(join(dataDir, 'retraining')).sort(), [...memory, 'pictures', 'run'].sort());
  assert.deepEqual(await bringForward(dataDir), [], 'repeating it changes nothing');
  assert.equal(readFileSync(join(dataDir, 'retraining/test-lock.json'), 'utf8'), 'lock');
});

test('a DATA_DIR/night restored beside the new folder gives its locked test set and key; its pictures are removed', async () => {
  const dataDir = temporaryDirectory('restored');
  write(join(dataDir, 'night'), { 'test-lock.json': 'lock', 'patient-key': 'key', 'pictures/a': 'x', 'run/plan.json': '{}' });
  // A key without a lock was never used.
  write(join(dataDir, 'retraining'), { 'patient-key': 'unused key' });
  assert.deepEqual(await bringForward(dataDir), []);
  assert.equal(readFileSync(join(dataDir, 'retraining/test-lock.json'), 'utf8'), 'lock');
  assert.equal(readFileSync(join(dataDir, 'retraining/patient-key'), 'utf8'), 'key');
  assert.equal(existsSync(join(dataDir, 'night')), false);
});

test('a move that was interrupted between key and lock is completed', async () => {
  const dataDir = temporaryDirectory('interrupted');
  write(join(dataDir, 'night'), { 'test-lock.json': 'lock' });
  write(join(dataDir, 'retraining'), { 'patient-key': 'key' });
  await bringForward(dataDir);
  assert.deepEqual(readdirSync(join(dataDir, 'retraining')).sort(), ['patient-key', 'test-lock.json']);
});

test('two different locks are both kept, and the log says which one is used', async () => {
  const dataDir = temporaryDirectory('two-locks');
  write(join(dataDir, 'night'), { 'test-lock.json': 'old', 'patient-key': 'old key' });
  write(join(dataDir, 'retraining'), { 'test-lock.json': 'new', 'patient-key': 'new key' });
  assert.match((await bringForward(dataDir)).join(), /that of DATA_DIR\/retraining is used/);
  assert.equal(readFileSync(join(dataDir, 'night/test-lock.json'), 'utf8'), 'old');
  assert.equal(readFileSync(join(dataDir, 'retraining/patient-key'), 'utf8'), 'new key');
});

test('a plan of release 0.2.0 can be continued: leastPatients and mostDraws are read under their new names', () => {
  const { minPatients, ...rules } = defaultPromotionRules;
  const plan = {
    id: 'night-2026-11-24T02-00-00-000Z',
    startedAt: '2026-11-24T02:00:00.000Z',
    by: 'night',
    champion: 'abcdef012345',
    classes: ['pneumonia'],
    objective: 'several',
    images: [],
    recipe: fastaiRecipe,
    rules: { ...rules, leastPatients: minPatients + 1 },
    lock: 'x',
    warnings: [],
  };
  assert.equal(parsePlan(JSON.stringify(plan))?.rules.minPatients, minPatients + 1);
  assert.equal(parsePlan('{"id": 1}'), undefined);
  assert.equal(parsePlan('{'), undefined);
});
