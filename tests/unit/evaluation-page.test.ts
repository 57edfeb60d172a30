import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluationPage } from '../../src/evaluation/page/evaluation-page.js';
import { evaluateSet } from '../../src/evaluation/report/evaluate-set.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';

/** Images with these scores of the first class, every third with the finding. */
function setOf(objective: ScoredSet['objective'], thresholds: readonly number[], scores: readonly (readonly number[])[]): ScoredSet {
  return {
    objective,
    classes: ['pneumonia', 'mass'],
    thresholds,
    images: scores.map((yScore, index) => ({
      id: `i${index}`,
      patient: `p${index}`,
      source: 'north',
      view: 'PA',
      yTrue: index % 3 === 0 ? [1, 0] : [0, 1],
      yScore,
    })),
  };
}

/** What the page states of one image: what it was called, and its scores. */
function cardsOf(set: ScoredSet): readonly string[] {
  const page = evaluationPage(evaluateSet(set, { resamples: 20, topLosses: 20 }), () => undefined, 'Made now');
  return [...page.matchAll(/<b>called<\/b> ([^<]+)<br>([^<]*(?:&lt;[^<]*)*)<br>/g)].map(([, called, scores]) => `${called}: ${scores}`);
}

test('scores of the greatest losses stand on the side of the threshold on which they were called', () => {
  const cards = cardsOf(
    setOf(
      'several',
      [0.5, 0.1234],
      [
        [0.4996, 0.1234],
        [0.5, 0.12339],
        [0.00004, 0.9999],
        [0.731, 0.2],
      ],
    ),
  );
  assert.deepEqual([...cards].sort(), [
    'mass: pneumonia &lt;0.1 %, mass &gt;99.9 %',
    'mass: pneumonia 49.96 %, mass 12.34 %',
    'pneumonia, mass: pneumonia 73.1 %, mass 20 %',
    'pneumonia: pneumonia 50 %, mass 12.3 %',
  ]);
});

test('the scores of a one-of-many network do not round to more than the class that was called', () => {
  const cards = cardsOf(
    setOf(
      'one-of-many',
      [0.5, 0.5],
      [
        [0.49996, 0.50004],
        [0.7, 0.3],
      ],
    ),
  );
  assert.deepEqual([...cards].sort(), ['mass: pneumonia 49.9 %, mass 50 %', 'pneumonia: pneumonia 70 %, mass 30 %']);
});

test('a threshold is not rounded as figures are', () => {
  const page = evaluationPage(
    evaluateSet(
      setOf(
        'several',
        [0.4996, 0.5],
        [
          [0.4995, 0.5],
          [0.6, 0.1],
        ],
      ),
      { resamples: 20 },
    ),
    () => undefined,
    'Made now',
  );
  assert.match(page, /<td>0\.4996<\/td>/);
  assert.match(page, /<td>0\.5<\/td>/);
});
