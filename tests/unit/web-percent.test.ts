import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholePercent } from '../../src/sr/wording.js';
import { probabilityText } from '../../src/lib/probability-text.js';
import { thresholdPercent } from '../../src/web/finding-order.js';

test('no page shows a probability on the other side of a threshold', () => {
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

test('where the thresholds are not known, what is not present is rounded down, to the decimal of the documents', () => {
  const cases = [
    [0.49996, 'undetermined', '49.9', 49],
    [0.7853, 'present', '78.5', 79],
    [0.29, 'absent', '29', 29],
    [0, 'absent', '0', 0],
    [1, 'present', '100', 100],
  ] as const;
  for (const [probability, decision, onPage, onCommandLine] of cases) {
    assert.equal(probabilityText({ probability, decision }), onPage);
    assert.equal(wholePercent({ probability, decision }), onCommandLine);
  }
  assert.equal(probabilityText({ probability: 0.0004, decision: 'absent' }), '<0.1');
  assert.equal(probabilityText({ probability: 0.9996, decision: 'present' }), '>99.9');
});
