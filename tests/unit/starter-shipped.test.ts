import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Figures, SetFigures } from '../../scripts/starter/figures-file.js';
import { shippedFindings } from '../../scripts/starter/shipped-findings.js';

type Finding = SetFigures['findings'][string];
type Source = Figures['unseen'][number]['bySource'][number];

const estimate = (value: number | null) => ({ value, interval: null });
const finding = (auroc: number | null, { positives = 20, specificity = 0.95 } = {}): Finding => ({
  n: 40,
  positives,
  auroc: estimate(auroc),
  sensitivity: estimate(0.8),
  specificity: estimate(specificity),
  ece: 0.02,
  brier: 0.1,
});
const source = (name: string, findings: Source['findings']): Source => ({ name, n: 40, refused: 0, findings, byView: [] });
const run = (...bySource: Source[]): Figures['unseen'][number] => ({
  leftOut: bySource.map(({ name }) => name),
  recipe: 'as shipped',
  seed: 1,
  isShipped: false,
  side: 128,
  steps: 100,
  n: 40,
  patients: 40,
  refused: 0,
  findings: {},
  bySource,
  covered: {},
  validationCovered: {},
});
const view = (name: string, auroc: number | null) => ({ name, n: 40, findings: { cardiomegaly: finding(auroc) } });
const testSet = (names: readonly string[], bySourceAndView: SetFigures['bySourceAndView'] = []) => ({
  findings: Object.fromEntries(names.map((name) => [name, finding(0.99)])),
  bySourceAndView,
});
const isShipped = (name: string, unseen: Figures['unseen']): boolean => shippedFindings(testSet([name]), unseen)[0]!.isShipped;

describe('which findings ship', () => {
  test('abnormal needs AUROC 0.90 at two left-out sources; the figure at patients of known sources does not count', () => {
    assert.equal(isShipped('abnormal', []), false);
    assert.equal(isShipped('abnormal', [run(source('a', { abnormal: finding(0.93) }))]), false);
    assert.equal(isShipped('abnormal', [run(source('a', { abnormal: finding(0.93) }), source('b', { abnormal: finding(0.9) }))]), true);
    assert.equal(isShipped('abnormal', [run(source('a', { abnormal: finding(0.93) }), source('b', { abnormal: finding(0.89) }))]), false);
  });

  test('of several seeds the worst counts', () => {
    const b = source('b', { abnormal: finding(0.95) });
    const runs = [run(source('a', { abnormal: finding(0.93) }), b), run(source('a', { abnormal: finding(0.85) }))];
    assert.equal(isShipped('abnormal', runs), false);
    assert.match(shippedFindings(testSet(['abnormal']), runs)[0]!.why, /a 0\.85, b 0\.95/);
  });

  test('COVID-19 needs few false positives at each source without it', () => {
    const good = [source('a', { 'covid-19': finding(0.85) }), source('b', { 'covid-19': finding(0.9) })];
    const without = (specificity: number) => source('c', { 'covid-19': finding(null, { positives: 0, specificity }) });
    assert.equal(isShipped('covid-19', [run(...good, without(0.95))]), true);
    assert.equal(isShipped('covid-19', [run(...good, without(0.3))]), false);
    assert.match(shippedFindings(testSet(['covid-19']), [run(...good, without(0.3))])[0]!.why, /c \(70 %\)/);
  });

  test('a finding of one source needs AUROC 0.80 within each view, in two at least', () => {
    const decided = (...views: SetFigures['bySourceAndView']) => shippedFindings(testSet(['cardiomegaly'], views), [])[0]!.isShipped;
    assert.equal(decided(view('nih AP', 0.82), view('nih PA', 0.9)), true);
    assert.equal(decided(view('nih AP', 0.79), view('nih PA', 0.9)), false);
    assert.equal(decided(view('nih AP', null), view('nih PA', 0.9)), false);
  });
});
