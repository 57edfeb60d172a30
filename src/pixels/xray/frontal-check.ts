import type { GreyImage } from '../image.js';
import { resizeBilinear } from '../resize.js';
import { frontalFeatures } from './frontal-features.js';
import { frontalRule } from './frontal-rule.js';

/** Less contrast than this over the whole picture is an exposure of nothing. */
const minDeviation = 0.01;
/** How well another orientation must fit to be named as the reason, and how much better than upright. */
const minFit = 0.55;
const clearlyBetter = 0.1;

/** From this probability on a picture is taken for a frontal chest. */
export const minFrontalProbability: number = frontalRule.acceptFrom;

export interface FrontalCheck {
  /** That the picture is a frontal chest, 0 to 1. */
  readonly probability: number;
  /** Why the picture is not taken; undefined if it is. */
  readonly refusal?: 'blank' | 'inverted' | 'turned' | 'not a frontal chest';
}

/**
 * Whether a presented picture looks like a frontal chest radiograph at all, whatever its header says: a lateral labelled PA,
 * a hand labelled CHEST, a screenshot, a blank exposure do not. A coarse test before the network, not a diagnosis of quality.
 *
 * It compares the picture with the mean frontal chest after cutting off borders and with grey values replaced by their ranks, so that
 * scanner, contrast and proportions do not matter. How many it refuses at hospitals that it was not fitted on: docs/reference/guard.md.
 */
export function checkFrontal(image: GreyImage): FrontalCheck {
  // A network may see a part only, or bars around the picture.
  const whole = image.whole ?? image;
  const small = resizeBilinear(whole, 24, 24).values;
  const features = deviation(small) < minDeviation ? undefined : frontalFeatures(whole);
  if (!features) return { probability: 0, refusal: 'blank' };
  const logit = features.values.reduce((sum, value, i) => sum + frontalRule.weights[i]! * value, frontalRule.bias);
  const probability = 1 / (1 + Math.exp(-logit));
  if (probability >= minFrontalProbability) return { probability };
  const { upright, inverted, turned } = features.fits;
  const enough = Math.max(minFit, upright + clearlyBetter);
  if (inverted >= enough && inverted >= turned) return { probability, refusal: 'inverted' };
  if (turned >= enough) return { probability, refusal: 'turned' };
  return { probability, refusal: 'not a frontal chest' };
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
