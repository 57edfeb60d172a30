import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseOperatingPoint, defaultOperatingPointRules, type UnseenScore } from '../../src/evaluation/choose-operating-point.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';

/** Scores of a source: positives shifted by `shift` in the logit, everything by `offset`. */
function scoresOf(
  source: string,
  {
    positives,
    negatives,
    shift,
    offset = 0,
    seed = 1,
  }: { positives: number; negatives: number; shift: number; offset?: number; seed?: number },
): readonly UnseenScore[] {
  const uniform = mulberry32(seed + source.length);
  const score = (centre: number): number => 1 / (1 + Math.exp(-(centre + 2 * (uniform() + uniform() + uniform() - 1.5))));
  return [
    ...Array.from({ length: positives }, (_, i) => ({ source, patient: `p${i}`, yTrue: 1 as const, yScore: score(offset + shift) })),
    ...Array.from({ length: negatives }, (_, i) => ({ source, patient: `n${i}`, yTrue: 0 as const, yScore: score(offset - shift) })),
  ];
}

const falsePositives = (scores: readonly UnseenScore[], source: string, threshold: number): number => {
  const own = scores.filter((one) => one.source === source && one.yTrue === 0);
  return own.filter(({ yScore }) => yScore >= threshold).length / own.length;
};

test('the lowest threshold that keeps 10 % at the worst source, as trying every one of a thousand shows', () => {
  for (let seed = 0; seed < 20; seed++) {
    const scores = [
      ...scoresOf('north', { positives: 60, negatives: 80, shift: 1.2, seed }),
      ...scoresOf('south', { positives: 40, negatives: 50, shift: 1, offset: 0.8, seed }),
      ...scoresOf('few', { positives: 30, negatives: 8, shift: 0, offset: 2, seed }),
    ];
    const point = chooseOperatingPoint(scores, { ...defaultOperatingPointRules, minSensitivity: 0 });
    assert.ok(point.shipped);
    const kept = Array.from({ length: 1001 }, (_, i) => i / 1000).filter((threshold) =>
      ['north', 'south'].every((source) => falsePositives(scores, source, threshold) <= 0.1),
    );
    assert.equal(point.presentFrom, kept[0], `seed ${seed}`);
    assert.ok(point.absentBelow <= point.presentFrom);
    const above = scores.filter(({ yTrue, yScore }) => yTrue === 1 && yScore >= point.absentBelow).length;
    assert.ok(above >= 0.9 * scores.filter(({ yTrue }) => yTrue === 1).length);
    assert.deepEqual(
      point.sources.map(({ source }) => source),
      ['few', 'north', 'south'],
    );
  }
});

test('a finding that one hospital makes useless is not shipped, and the reason states the bound', () => {
  const good = scoresOf('north', { positives: 60, negatives: 80, shift: 2 });
  const point = chooseOperatingPoint(good);
  assert.ok(point.shipped && point.sensitivity.value! > 0.8);
  const bad = chooseOperatingPoint([...good, ...scoresOf('of before 2019', { positives: 0, negatives: 200, shift: 0, offset: 3 })]);
  assert.ok(!bad.shipped);
  assert.match(
    bad.why,
    /^with at most 10 % false positives at every left-out source its sensitivity there may be as low as \d+ %, 30 % is needed$/,
  );
  assert.equal(bad.sources.find(({ source }) => source === 'of before 2019')!.sensitivity.value, null);
});

test('the bound of sensitivity applies to the lower end: 8 of 20 are too few, 80 of 200 are not', () => {
  const scores = (count: number): readonly UnseenScore[] => [
    ...Array.from({ length: count }, (_, i) => ({ source: 'a', patient: `p${i}`, yTrue: 1 as const, yScore: i % 5 < 2 ? 0.9 : 0.1 })),
    ...Array.from({ length: 40 }, (_, i) => ({ source: 'a', patient: `n${i}`, yTrue: 0 as const, yScore: 0.2 })),
  ];
  assert.equal(chooseOperatingPoint(scores(20)).shipped, false);
  assert.equal(chooseOperatingPoint(scores(200)).shipped, true);
});

test('what cannot be computed is not shipped', () => {
  const few = chooseOperatingPoint(scoresOf('a', { positives: 50, negatives: 19, shift: 2 }));
  assert.ok(!few.shipped && /no left-out source has 20 patients without it/.test(few.why));
  const none = chooseOperatingPoint(scoresOf('a', { positives: 19, negatives: 50, shift: 2 }));
  assert.ok(!none.shipped && /have 19 patients with it, 20 are needed/.test(none.why));
  const certain = chooseOperatingPoint(scoresOf('a', { positives: 50, negatives: 50, shift: 2 }).map((one) => ({ ...one, yScore: 1 })));
  assert.ok(!certain.shipped && /at every threshold/.test(certain.why), 'certain of everything');
});
