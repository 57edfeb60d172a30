import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';
import type { Figures, SetFigures } from '../../scripts/starter/figures-file.js';
import { outputDecisions, shippedOutputs } from '../../scripts/starter/operating-points.js';
import { findingsByAuroc } from '../../scripts/starter/shipped-findings.js';

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
const isShipped = (name: string, unseen: Figures['unseen']): boolean => findingsByAuroc(testSet([name]), unseen)[0]!.isShipped;

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
    assert.match(findingsByAuroc(testSet(['abnormal']), runs)[0]!.why, /a 0\.85, b 0\.95/);
  });

  test('a finding with its AUROC needs an operating point too; without one it is ignored', () => {
    const unseen = [run(source('a', { abnormal: finding(0.93) }), source('b', { abnormal: finding(0.95) }))];
    const outputs = [
      { kind: 'finding', name: 'abnormal', temperature: 1, absentBelow: 0.5, presentFrom: 0.5 },
      { kind: 'gate', name: 'frontal-chest', temperature: 1, acceptFrom: 0.5 },
    ] as const;
    /** 30 patients without the finding, of which a tenth scores 0.8, and 30 with it. */
    const set = (positives: number): ScoredSet => ({
      objective: 'several',
      classes: ['abnormal'],
      thresholds: [0.5],
      images: Array.from({ length: 60 }, (_, index) => ({
        id: `${index}`,
        patient: `${index}`,
        source: 'a',
        view: 'PA',
        yTrue: [index < 30 ? 0 : 1],
        yScore: [index < 3 ? 0.8 : index < 30 ? 0.2 : positives],
      })),
    });
    const below = outputDecisions(testSet(['abnormal']), [run(source('a', { abnormal: finding(0.7) }))], [set(0.7)])[0]!;
    assert.deepEqual([below.isShipped, below.isBelowCriterion, below.presentFrom], [true, true, 0.201], 'abnormal ships nevertheless');
    const mined = set(0.7);
    const half = mined.images.map((image, index) => ({
      ...image,
      yScore: index < 9 ? [0.8] : image.yScore,
      origins: [index < 9 ? ('mined' as const) : ('radiologist' as const)],
    }));
    const read = outputDecisions(testSet(['abnormal']), unseen, [{ ...mined, images: half }])[0]!;
    assert.deepEqual([read.isShipped, read.presentFrom], [true, 0.201], 'none of the 21 normals that radiologists read scores above 0.2');
    const few = mined.images.map((image) => ({ ...image, yScore: [image.yTrue[0] === 0 ? 0.8 : 0.9], origins: ['mined' as const] }));
    assert.equal(
      outputDecisions(testSet(['abnormal']), unseen, [{ ...mined, images: few }])[0]!.presentFrom,
      0.801,
      'without readers all count',
    );
    const neither = outputDecisions(testSet(['abnormal']), [run(source('a', { abnormal: finding(0.7) }))], [set(0.1)])[0]!;
    assert.equal(neither.isShipped, false, 'but never without an operating point');
    const decided = outputDecisions(testSet(['abnormal']), unseen, [set(0.7)]);
    assert.deepEqual([decided[0]!.isShipped, decided[0]!.presentFrom], [true, 0.201]);
    assert.deepEqual(shippedOutputs(outputs, decided)[0], {
      ...outputs[0],
      presentFrom: 0.201,
      absentBelow: 0.201,
      regions: false,
    });
    const without = outputDecisions(testSet(['abnormal']), unseen, [set(0.1)]);
    assert.match(without[0]!.why, /sensitivity there may be as low as/);
    assert.deepEqual(shippedOutputs(outputs, without), [{ kind: 'ignored', name: 'abnormal' }, outputs[1]]);
  });

  test('a finding of one source needs AUROC 0.80 within each view, in two at least', () => {
    const decided = (...views: SetFigures['bySourceAndView']) => findingsByAuroc(testSet(['cardiomegaly'], views), [])[0]!.isShipped;
    assert.equal(decided(view('nih AP', 0.82), view('nih PA', 0.9)), true);
    assert.equal(decided(view('nih AP', 0.79), view('nih PA', 0.9)), false);
    assert.equal(decided(view('nih AP', null), view('nih PA', 0.9)), false);
  });
});
