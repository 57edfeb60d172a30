import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { followStudyChanges } from '../../src/retraining/follow-study-changes.js';
import { pictureKeyOf } from '../../src/retraining/picture-key.js';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import type { StudyChange, StudyChanges } from '../../src/store/study-changes.js';

const root = mkdtempSync(join(tmpdir(), 'chest-ai-follow-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** The changes that all processes share. */
class Changes implements Pick<StudyChanges, 'after' | 'find' | 'newest'> {
  rows: StudyChange[] = [];
  record(number: number, studyInstanceUID: string, changedAt = new Date(number * 1_000)): void {
    this.rows.push({ number, studyInstanceUID, changedAt });
  }
  async after(number: number, limit: number): Promise<readonly StudyChange[]> {
    return this.rows.filter((one) => one.number > number).slice(0, limit);
  }
  async find(number: number): Promise<StudyChange | undefined> {
    return this.rows.find((one) => one.number === number);
  }
  async newest(): Promise<StudyChange | undefined> {
    return this.rows.at(-1);
  }
}

let changes: Changes;
let processes: readonly { readonly dataDir: string }[];
let runs = 0;

beforeEach(() => {
  changes = new Changes();
  processes = [1, 2].map((n) => ({ dataDir: join(root, `${++runs}-${n}`) }));
});

function plant(...studies: readonly string[]): void {
  for (const settings of processes) {
    const folder = join(retrainingFolders(settings).pictures, '8x8');
    mkdirSync(folder, { recursive: true });
    for (const study of studies)
      writeFileSync(join(folder, `${pictureKeyOf({ studyInstanceUID: study, sopInstanceUID: `${study}.1` })}.pic`), '');
  }
}

/** Number of pictures of each process. */
const counts = (): readonly number[] => processes.map((settings) => readdirSync(join(retrainingFolders(settings).pictures, '8x8')).length);

async function followAll(): Promise<void> {
  for (const settings of processes) await followStudyChanges(settings, changes, silentLog);
}

test('D6: every process removes the pictures of a study that changed, also one that did not run meanwhile', async () => {
  plant('1.1', '1.2', '1.3');
  changes.record(1, '1.1');
  await followStudyChanges(processes[0]!, changes, silentLog);
  assert.deepEqual(counts(), [2, 3]);
  changes.record(7, '1.2');
  await followAll();
  assert.deepEqual(counts(), [1, 1]);
  // Made again by a retraining run: what was followed is not followed twice.
  plant('1.1', '1.2');
  assert.equal(await followStudyChanges(processes[0]!, changes, silentLog), false);
  assert.deepEqual(counts(), [3, 3]);
});

test('D6: more changes than one page', async () => {
  plant('1.1', '1.2');
  for (let number = 1; number <= 2_300; number++) changes.record(number, `9.${number}`);
  changes.record(2_301, '1.1');
  await followAll();
  assert.deepEqual(counts(), [1, 1]);
});

test('D6: after the restore of an older database nobody knows which studies changed: all pictures are removed, once', async () => {
  changes.record(1, '1.1');
  changes.record(2, '1.2');
  await followAll();
  plant('1.3', '1.4');
  // The copy has grown past the position: another change has its number.
  changes.rows = changes.rows.slice(0, 1);
  changes.record(2, '1.9', new Date(5_000));
  changes.record(3, '1.10');
  await followAll();
  assert.deepEqual(counts(), [0, 0]);
  plant('1.3');
  await followAll();
  assert.deepEqual(counts(), [1, 1]);
  // An empty database.
  changes.rows = [];
  await followAll();
  assert.deepEqual(counts(), [0, 0]);
});
