import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aurocScore } from '../../src/evaluation/metrics/auroc.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import { decidePromotion } from '../../src/evaluation/promotion/decide.js';
import type { EvaluatedVersion } from '../../src/evaluation/promotion/evidence.js';
import { promotionRulesSchema } from '../../src/evaluation/promotion/promotion-rules.js';
import { evaluated, gaussian, imagesOf, maskedSets, train, type NumberImage } from '../support/synthetic-hospital.js';

const rules = promotionRulesSchema.parse({ resamples: 300 });
const testImages = imagesOf({ patients: 400, seed: 1001 });
const firstScore = train(imagesOf({ patients: 500, seed: 2001 }));

type Score = (image: NumberImage) => number;

/** The same network with a little noise on its logit: a small loss of AUROC, which no single comparison finds significant. */
function slightlyWorse(score: Score, seed: number): Score {
  const uniform = mulberry32(seed);
  const noise = new Map(testImages.map(({ id }) => [id, 0.4 * gaussian(uniform)]));
  return (image) => {
    const probability = score(image);
    return 1 / (1 + Math.exp(-(Math.log(probability / (1 - probability)) + noise.get(image.id)!)));
  };
}

function auroc({ set }: EvaluatedVersion): number {
  return aurocScore(
    set.images.map(({ yTrue }) => yTrue[0] as 0 | 1),
    set.images.map(({ yScore }) => yScore[0]!),
  )!;
}

interface Walk {
  readonly promotions: number;
  /** AUROC of the champion after ten retraining runs. */
  readonly auroc: number;
}

/** Ten retraining runs, each with a challenger slightly worse than the champion of that day. */
function tenRuns(compareWithBest: boolean): Walk {
  let score = firstScore;
  let champion = evaluated('v0', testImages, score);
  let best = champion;
  let promotions = 0;
  for (let run = 1; run <= 10; run++) {
    const candidate = slightlyWorse(score, 40 + run);
    const challenger = evaluated(`v${run}`, testImages, candidate);
    const { criteria } = decidePromotion(
      {
        testSet: 'locked',
        kind: 'xray',
        champion,
        challenger,
        best: compareWithBest && best !== champion ? [best] : [],
        masked: maskedSets(testImages, candidate),
      },
      rules,
    );
    // Noise also costs calibration and sensitivity: what is examined here is AUROC alone.
    if (criteria.some(({ name, passed }) => name.startsWith('auroc-not-worse') && !name.includes('-in-') && !passed)) continue;
    promotions++;
    score = candidate;
    champion = challenger;
    if (auroc(champion) > auroc(best)) best = champion;
  }
  return { promotions, auroc: auroc(champion) };
}

test('D7: a row of small losses does not walk the champion down below the best version so far by more than the margin', () => {
  const first = auroc(evaluated('v0', testImages, firstScore));
  const alone = tenRuns(false);
  assert.ok(alone.promotions >= 5, `the control has ${alone.promotions} promotions`);
  assert.ok(first - alone.auroc > 0.05, `compared with the champion alone it falls from ${first} to ${alone.auroc} only`);
  const withBest = tenRuns(true);
  assert.ok(first - withBest.auroc < 0.025, `it falls from ${first} to ${withBest.auroc} in ${withBest.promotions} promotions`);
});
