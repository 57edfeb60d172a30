import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { onceOnly } from '../runner/once-only.js';
import { sourceOf } from '../runner/run-files.js';
import { startsOrthanc } from '../runner/select-orthanc.js';
import { asText, cellsOf, demonstration, type StageResult, timeLeftMs } from '../runner/matrix-table.js';

const stage = (some: Partial<StageResult>): StageResult => ({
  node: '24.22.3',
  orthanc: '1.10.1',
  what: '',
  passed: 0,
  failed: 0,
  skipped: 0,
  onPostgres: { passed: 0, failed: 0, skipped: 0 },
  crashed: false,
  ...some,
});

test('a stage may run for whole milliseconds, whenever it begins', () => {
  for (const minutesPassed of [0, 1 / 3, 55.603_933_333_333_33, 79.99, 80, 200]) {
    const { status, error } = spawnSync(process.execPath, ['--version'], { timeout: timeLeftMs(80, minutesPassed) });
    assert.deepEqual({ status, error }, { status: 0, error: undefined }, `after ${minutesPassed} minutes`);
  }
  assert.equal(timeLeftMs(80, 70), 600_000);
  assert.equal(timeLeftMs(80, 90), 60_000);
});

test('each combination of Node, Orthanc and database has passed, has failed, or says why it was not run', () => {
  const results = [
    stage({ passed: 100, skipped: 3, onPostgres: { passed: 20, failed: 0, skipped: 1 } }),
    stage({ orthanc: '1.12.7', passed: 9, failed: 1, onPostgres: { passed: 4, failed: 1, skipped: 0 }, crashed: true }),
    stage({ node: '22.23.3', passed: 50, onPostgres: { passed: 0, failed: 0, skipped: 2 }, skipped: 2 }),
    stage({ node: '22', orthanc: 'installed', passed: 1 }),
    stage({ node: '26', orthanc: '1.12', notRun: 'only root can make it' }),
    stage({ node: '26', orthanc: 'installed', crashed: true }),
  ];
  assert.deepEqual(
    cellsOf(results).map(({ node, orthanc, database, text }) => `${node} ${orthanc} ${database} ${text}`),
    [
      '24 1.10 PGlite passed 80, 2 skipped',
      '24 1.10 PostgreSQL passed 20, 1 skipped',
      '24 1.12 PGlite passed 5',
      '24 1.12 PostgreSQL FAILED 1 of 5',
      '22 1.10 PGlite passed 51',
      '22 1.10 PostgreSQL not run: all 2 tests were skipped',
      '26 1.12 PGlite not run: only root can make it',
      '26 1.12 PostgreSQL not run: only root can make it',
      '26 1.10 PGlite FAILED: the run did not end in order',
      '26 1.10 PostgreSQL FAILED: the run did not end in order',
    ],
  );
  assert.match(asText(cellsOf(results)), /^Node {2}Orthanc {2}database {4}result\n24 {4}1\.10 {5}PGlite/);
});

test('where the demonstration alone was run, its cell says so, and why the tests were not', () => {
  const texts = (...results: readonly StageResult[]): readonly string[] => cellsOf(results).map(({ text }) => text);
  const demo = stage({ node: '22', what: demonstration, passed: 1 });
  const tests = stage({ node: '22', notRun: 'only with .ci/run --all' });
  assert.deepEqual(texts(demo, tests), [
    'the demonstration passed; tests not run: only with .ci/run --all',
    'not run: only with .ci/run --all',
  ]);
  assert.deepEqual(texts(demo), ['the demonstration passed', 'not run: the demonstration uses PGlite']);
  assert.deepEqual(texts({ ...demo, passed: 0, failed: 1 }, tests)[0], 'FAILED 1 of 1');
});

test('what the matrix runs once only is there, and would otherwise run again', () => {
  for (const { file } of onceOnly.node) assert.ok(file.startsWith('unit/') && existsSync(sourceOf(`${file}.test.js`)), file);
  for (const { file } of onceOnly.orthanc) assert.ok(startsOrthanc(sourceOf(`${file}.test.js`)), file);
});
