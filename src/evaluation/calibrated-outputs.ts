import type { Truth } from './metrics/estimate.js';
import { quantile } from './metrics/patient-bootstrap.js';
import { chooseScaling, chooseSoftmaxScaling } from './choose-calibration.js';
import type { Platt } from './metrics/platt.js';
import { findingProbabilities } from './probability.js';
import type { FindingRule } from './rules.js';

/** Scores on the calibration split: images that are used neither for training nor for testing. */
export interface CalibrationSplit {
  readonly objective: 'one-of-many' | 'several';
  readonly classes: readonly string[];
  /** One row an image, one logit a class. */
  readonly logits: readonly (readonly number[])[];
  readonly yTrue: readonly (readonly Truth[])[];
}

/** Never called present below even odds; absent and present at least so far apart. */
const limits = { presentAtLeast: 0.5, presentAtMost: 0.95, absentAtLeast: 0.02, apart: 0.1 };
/** Images on each side that a quantile needs at least. */
const minImages = 10;

/**
 * Reading rules from the calibration split: temperature and bias by negative log-likelihood (see chooseScaling),
 * `presentFrom` at 90 % specificity but never below 0.5, `absentBelow` at 90 % sensitivity but at least 0.1 lower.
 */
export function calibratedOutputs(split: CalibrationSplit): readonly FindingRule[] {
  const { objective, classes, logits, yTrue } = split;
  const scalings: readonly Platt[] =
    objective === 'several'
      ? classes.map((_, output) =>
          chooseScaling(
            yTrue.map((row) => row[output]!),
            logits.map((row) => row[output]!),
          ),
        )
      : softmaxScalings(split);
  const rules = classes.map((name, output): FindingRule => {
    const { temperature, bias } = scalings[output]!;
    return {
      kind: 'finding',
      name,
      temperature: round(temperature, 4),
      ...(bias === 0 ? {} : { bias: round(bias, 4) }),
      absentBelow: 0,
      presentFrom: 1,
    };
  });
  const probabilities = logits.map((row) => findingProbabilities(row, { outputs: rules, objective }));
  return rules.map((rule, output) => {
    const scoresOf = (truth: Truth): Float64Array =>
      Float64Array.from(
        probabilities.filter((_, image) => yTrue[image]![output] === truth),
        (row) => row[output]!,
      ).sort();
    const [negatives, positives] = [scoresOf(0), scoresOf(1)];
    const presentFrom = clamp(
      negatives.length >= minImages ? quantile(negatives, 0.9) : limits.presentAtLeast,
      limits.presentAtLeast,
      limits.presentAtMost,
    );
    const absentBelow = clamp(
      positives.length >= minImages ? quantile(positives, 0.1) : presentFrom - limits.apart,
      limits.absentAtLeast,
      presentFrom - limits.apart,
    );
    return { ...rule, absentBelow: round(absentBelow, 3), presentFrom: round(presentFrom, 3) };
  });
}

function softmaxScalings({ logits, yTrue, classes }: CalibrationSplit): readonly Platt[] {
  const known = yTrue.flatMap((row, image) => (row.includes(1) ? [{ truth: row.indexOf(1), row: logits[image]! }] : []));
  const { temperature, biases } = chooseSoftmaxScaling(
    known.map(({ truth }) => truth),
    known.map(({ row }) => row),
    classes.length,
  );
  return biases.map((bias) => ({ temperature, bias }));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
