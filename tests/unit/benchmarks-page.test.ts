import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { asMarkdown, benchmarksPage, reaches } from '../bench/history/benchmarks-page.js';
import { figure, takeFigures } from '../bench/history/figures.js';
import { goals } from '../bench/history/goals.js';
import { readHistory, withRun, type BenchRun } from '../bench/history/history.js';

const run = (some: Partial<BenchRun>): BenchRun => ({
  bench: 'start',
  title: 'Start',
  release: '0.3.0',
  date: '2026-11-30',
  machine: '2 cores of an AMD EPYC, load 1',
  text: 'text',
  figures: {},
  ...some,
});

test('docs/reference/benchmarks.md is what the history says: no figure is typed by hand', () => {
  assert.equal(readFileSync(join(projectRoot, 'docs/reference/benchmarks.md'), 'utf8'), benchmarksPage(readHistory()));
});

test('every figure of the history belongs to a goal, every goal and run to a benchmark, and no id is given twice', () => {
  const ids = goals.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { figures, bench } of readHistory()) {
    for (const id of Object.keys(figures)) assert.ok(ids.includes(id), id);
    assert.ok(existsSync(join(projectRoot, `tests/bench/${bench}.ts`)), bench);
  }
  for (const { bench, id } of goals) {
    if (bench === undefined) continue;
    const source = readFileSync(join(projectRoot, `tests/bench/${bench}.ts`), 'utf8');
    assert.match(source, /figure\(/, id);
  }
  for (const { most, least, id } of goals) assert.ok((most === undefined) !== (least === undefined), id);
});

test('a goal shows its figure of each release, and whether the last one reaches it', () => {
  const history = [
    run({ release: '0.2.0', date: '2026-11-23', figures: { analyze: 3.9 } }),
    run({ figures: { analyze: 0.96, 'throughput 4': 0.4 } }),
  ];
  const page = benchmarksPage(history);
  assert.match(
    page,
    /\| `analyze` of one picture[^|]*\| ≤ 1\.0 s \| 3\.9 s \(0\.2\.0\), 1\.0 s \(0\.3\.0\) \| 2026-11-30, 2 cores of an AMD EPYC \| yes \|/,
  );
  assert.match(page, /\| studies a minute with 4[^|]*\| ≥ 0\.65 \| 0\.40 \| 2026-11-30, 2 cores of an AMD EPYC \| no \|/);
  assert.match(page, /\| JPEG 2000[^|]*\| ≤ 120 ms \| not yet \| {2}\| {2}\|/);
  assert.equal(page.match(/^## Start$/gm)?.length, 1, 'the latest run only');
});

test('a run replaces that of its release; other releases stay', () => {
  const history = [run({ release: '0.2.0', text: 'a' }), run({ text: 'b' }), run({ bench: 'engine', text: 'c' })];
  assert.deepEqual(
    withRun(history, run({ text: 'd' })).map(({ text }) => text),
    ['a', 'd', 'c'],
  );
  assert.deepEqual(
    withRun(history, run({ release: '0.4.0', text: 'd' })).map(({ text }) => text),
    ['a', 'b', 'c', 'd'],
  );
});

test('what is printed becomes Markdown: tables as they are, the rest as text', () => {
  assert.equal(
    asMarkdown('first\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nlast'),
    '```text\nfirst\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n```text\nlast\n```',
  );
  assert.equal(asMarkdown('| a |\n| --- |\n'), '| a |\n| --- |');
});

test('reached is at most, or at least', () => {
  assert.deepEqual(
    [reaches({ most: 1 }, 1), reaches({ most: 1 }, 1.01), reaches({ least: 1 }, 1), reaches({ least: 1 }, 0.99)],
    [true, false, true, false],
  );
});

test('figures are taken once', () => {
  figure('analyze', 1);
  assert.deepEqual(takeFigures(), { analyze: 1 });
  assert.deepEqual(takeFigures(), {});
});
