import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultFormat } from '../../src/commands/file-result.js';
import { parseCells } from '../../src/dataset/csv-cells.js';
import { csvLine } from '../../src/lib/csv-line.js';
import { labelTable } from '../../src/retraining/export-dataset.js';
import { summaryCsv, type SummaryRow } from '../../src/web/views/analyze/summary-rows.js';

const formulas = ['=1+1', '+cmd', '-2+3+cmd', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")', '＝1+1', '-', '-0.5.1', '=-1'];
const cellsOf = (line: string): readonly string[] => parseCells(line, 'test.csv')[0]!.cells;
/** The reader of the test takes each kind of line break for one. */
const asText = (formula: string): string => `'${formula.replace('\r', '\n')}`;

test('no cell is a formula, and every number stays as it is', () => {
  for (const formula of formulas) {
    const [cell] = cellsOf(csvLine([formula, 'x']));
    assert.equal(cell, asText(formula));
  }
  const kept = ['-0.5', '+1', '-1e-7', '0', '-.5', '12.', '1.2.840.1', 'a=b', "it's", '', 'AP-1', "'=1"];
  assert.deepEqual(cellsOf(csvLine(kept)), kept);
});

test('the command analyze writes no formula into its CSV', () => {
  const { line, head } = resultFormat('csv', ['pneumonia']);
  assert.equal(cellsOf(head!)[0], 'file');
  for (const formula of formulas) {
    const cells = cellsOf(
      line({ file: `${formula}.dcm`, outcome: 'skipped', reason: formula, findings: [], engine: 'onnx-cpu', modelVersion: 'abc' }),
    );
    assert.equal(cells[0], asText(`${formula}.dcm`));
    assert.equal(cells[3], asText(formula));
  }
});

test('the CSV of analyze names the findings that are not calibrated here', () => {
  const { line, head } = resultFormat('csv', ['pneumonia', 'edema', 'fracture']);
  const finding = { code: 'x', probability: 0.5, decision: 'undetermined' } as const;
  const findings = [
    { name: 'pneumonia', ...finding },
    { name: 'edema', ...finding, isNotCalibratedHere: true as const },
    { name: 'fracture', ...finding, isNotCalibratedHere: true as const },
  ];
  const result = { file: 'a.dcm', outcome: 'reported', engine: 'onnx-cpu', modelVersion: 'abc' } as const;
  assert.equal(cellsOf(head!).at(-1), 'findings not calibrated here');
  assert.equal(cellsOf(line({ ...result, findings })).at(-1), 'edema; fracture');
  assert.equal(cellsOf(line({ ...result, findings: findings.slice(0, 1) })).at(-1), '');
  assert.equal(cellsOf(line({ ...result, findings })).length, cellsOf(head!).length);
});

test('the page writes no formula into its CSV', () => {
  const row = (path: string): SummaryRow =>
    ({ path, outcome: 'skipped', reason: path, findings: [], engine: 'onnx-cpu', model: 'abc' }) as unknown as SummaryRow;
  for (const formula of formulas) {
    const cells = parseCells(summaryCsv([row(formula)]), 'test.csv')[1]!.cells;
    assert.equal(cells[0], asText(formula));
    assert.equal(cells[2], asText(formula));
  }
});

test('the export of a data set writes no formula into its labels', () => {
  const entry = { file: '=1.png', patient: '@p', source: '-site', view: 'PA', labels: ['pneumonia'], absent: ['covid-19'], sha256: '' };
  const text = labelTable(
    [{ entry: entry as unknown as Parameters<typeof labelTable>[0][number]['entry'], isTest: false }],
    ['pneumonia', 'covid-19'],
  );
  const [, row] = parseCells(text, 'labels.csv');
  assert.deepEqual(row!.cells, ["'=1.png", "'@p", 'train', 'PA', "'-site", '1', '0']);
});
