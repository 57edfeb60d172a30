import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentWithoutThresholds, probabilityPercent } from '../../src/sr/wording.js';
import { probabilityText } from '../../src/lib/probability-text.js';
import { thresholdPercent } from '../../src/web/finding-order.js';

test('usability 9: no page shows a probability on the other side of a threshold', () => {
  const shown = { absentBelow: 0.3, presentFrom: 0.5 };
  assert.equal(probabilityText({ ...shown, probability: 0.4996, decision: 'undetermined' }), '49.96');
  assert.equal(probabilityText({ ...shown, probability: 0.29999, decision: 'absent' }), '29.999');
  assert.equal(probabilityText({ ...shown, probability: 0.5, decision: 'present' }), '50');
  for (let index = 0; index <= 10_000; index++) {
    const probability = index / 10_000;
    for (const [absentBelow, presentFrom] of [
      [0.3, 0.5],
      [0.3004, 0.5714],
      [0, 1],
    ] as const) {
      const decision = probability >= presentFrom ? 'present' : probability < absentBelow ? 'absent' : 'undetermined';
      const text = probabilityText({ probability, decision, absentBelow, presentFrom });
      const value = text.startsWith('<') ? 0.05 : text.startsWith('>') ? 99.95 : Number(text);
      assert.equal(
        value >= Number(thresholdPercent(presentFrom))
          ? 'present'
          : value < Number(thresholdPercent(absentBelow))
            ? 'absent'
            : 'undetermined',
        decision,
        `${text} for ${probability}, ${absentBelow}, ${presentFrom}`,
      );
    }
  }
});

test('usability 9: where the thresholds are not known, what is not present is rounded down, to the decimal of the documents', () => {
  const cases = [
    [0.49996, 'undetermined', '49.9'],
    [0.7853, 'present', '78.5'],
    [0.29, 'absent', '29'],
    [0, 'absent', '0'],
    [1, 'present', '100'],
  ] as const;
  for (const [probability, decision, text] of cases) {
    assert.equal(probabilityText({ probability, decision }), text);
    assert.equal(percentWithoutThresholds({ probability, decision }), text);
  }
  assert.equal(probabilityText({ probability: 0.0004, decision: 'absent' }), '<0.1');
  assert.equal(probabilityText({ probability: 0.9996, decision: 'present' }), '>99.9');
});

test('usability 9: what the index stores, as the document states it, is the same figure on every page', () => {
  for (let index = 0; index <= 10_000; index++) {
    const probability = index / 10_000 + 0.000_037;
    const [absentBelow, presentFrom] = [0.1037, 0.4971];
    const decision = probability >= presentFrom ? 'present' : probability < absentBelow ? 'absent' : 'undetermined';
    const stated = probabilityPercent({ probability, absentBelow, presentFrom });
    const stored = { probability: Number(stated) / 100, decision } as const;
    // A document may need more decimals near a threshold; the page then has the first of them.
    const firstDecimal = String(Math.floor(Number((Number(stated) * 10).toFixed(6))) / 10);
    assert.ok([stated, firstDecimal].includes(percentWithoutThresholds(stored)), `${probability}: ${stated}`);
    if (stored.probability >= 0.001 && stored.probability <= 0.999) assert.equal(probabilityText(stored), percentWithoutThresholds(stored));
  }
});
