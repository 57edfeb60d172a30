import { brierLoss, calibrationErrorEstimate } from '../metrics/calibration.js';
import type { BootstrapOptions } from '../metrics/patient-bootstrap.js';
import { pluralise } from '../pluralise.js';
import { aurocEstimate } from '../report/class-figures.js';
import { classView } from '../report/decisions.js';
import type { ScoredSet } from '../report/scored-set.js';
import type { Criterion } from './gate-decision.js';
import { minPatientsOfASide } from './paired.js';
import type { PromotionRules } from './promotion-rules.js';

export function bootstrapOptionsOf({
  confidence,
  resamples,
  seed,
}: PromotionRules): Required<Pick<BootstrapOptions, 'confidence' | 'resamples' | 'seed'>> {
  return { confidence, resamples, seed };
}

/** For a finding that the champion does not report, or without a champion: the lower end of AUROC's interval reaches the bound. */
export function firstAuroc(name: string, challenger: ScoredSet, rules: PromotionRules): Criterion {
  const view = classView(challenger, challenger.classes.indexOf(name));
  const few = tooFewPatients(name, minPatientsOfASide(view), rules);
  if (few) return few;
  const { value, interval, why } = aurocEstimate(view, bootstrapOptionsOf(rules));
  return {
    name: 'auroc-of-first',
    class: name,
    figure: value,
    interval,
    comparison: 'at-least',
    bound: rules.first.auroc,
    passed: interval !== null && interval[0] >= rules.first.auroc,
    counts: true,
    words: `AUROC for ${name}, which no champion reports yet, ${
      interval ? `is at least ${threeDecimals(interval[0])}` : `cannot be computed (${why ?? 'no interval'})`
    }; ${rules.first.auroc.toFixed(2)} is needed.`,
  };
}

/**
 * Probabilities are calibrated: the upper end of the interval of the expected calibration error is at most the bound. The Brier score
 * is shown beside it and does not count.
 */
export function calibrated(name: string, challenger: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  const view = classView(challenger, challenger.classes.indexOf(name));
  const { value, interval, why } = calibrationErrorEstimate(view, bootstrapOptionsOf(rules));
  const brier = brierLoss(view.yTrue, view.yScore);
  return [
    {
      name: 'calibrated',
      class: name,
      figure: value,
      interval,
      comparison: 'at-most',
      bound: rules.calibration.ece,
      passed: interval !== null && interval[1] <= rules.calibration.ece,
      counts: true,
      words: interval
        ? `The mean error of the probabilities for ${name} is at most ${threeDecimals(interval[1])}; ${threeDecimals(rules.calibration.ece)} are allowed.`
        : `The error of the probabilities for ${name} cannot be computed (${why ?? 'no interval'}).`,
    },
    {
      name: 'brier',
      class: name,
      figure: brier,
      interval: null,
      comparison: 'at-most',
      bound: null,
      passed: true,
      counts: false,
      words:
        brier === null
          ? `The mean squared error of the probability for ${name} cannot be computed: no image has a label.`
          : `The mean squared error of the probability for ${name} is ${threeDecimals(brier)}.`,
    },
  ];
}

/** Every finding that the champion reports is still reported. */
export function keepsClasses(champion: ScoredSet, challenger: ScoredSet): Criterion {
  const lost = champion.classes.filter((name) => !challenger.classes.includes(name));
  return {
    name: 'keeps-classes',
    figure: lost.length,
    interval: null,
    comparison: 'at-most',
    bound: 0,
    passed: lost.length === 0,
    counts: true,
    words:
      lost.length === 0 ? 'The challenger reports every finding of the champion.' : `The challenger no longer reports ${lost.join(', ')}.`,
  };
}

/** The failed criterion of a finding with too few patients on one side; undefined if there are enough. */
export function tooFewPatients(name: string, patients: number, { minPatients }: PromotionRules): Criterion | undefined {
  if (patients >= minPatients) return undefined;
  return {
    name: 'enough-patients',
    class: name,
    figure: patients,
    interval: null,
    comparison: 'at-least',
    bound: minPatients,
    passed: false,
    counts: true,
    words: `The test set has only ${pluralise(patients, 'patient')} on one side of ${name}; ${minPatients} are needed.`,
  };
}

export function threeDecimals(value: number): string {
  return value.toFixed(3);
}
