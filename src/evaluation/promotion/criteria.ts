import { brierLoss, expectedCalibrationError, reliabilityTable } from '../metrics/calibration.js';
import { pluralise } from '../pluralise.js';
import type { Estimate } from '../metrics/estimate.js';
import type { BootstrapOptions } from '../metrics/patient-bootstrap.js';
import { aurocEstimate } from '../report/class-figures.js';
import { classView } from '../report/decisions.js';
import type { ScoredSet } from '../report/scored-set.js';
import type { Criterion } from './gate-decision.js';
import { aurocDifference, minPatients, pairedViews, sensitivityDifference, specificityDifference } from './paired.js';
import type { PromotionRules } from './promotion-rules.js';

export function optionsOf({ confidence, resamples, seed }: PromotionRules): Required<BootstrapOptions> {
  return { confidence, resamples, seed };
}

/**
 * Of a class that both know: AUROC, sensitivity and specificity at worst so much below the champion's. An AUROC that is surely
 * worse is refused also within the margin: night after night the margin would be walked down. Sensitivity and specificity are
 * not asked that: a threshold that moves gives of one what it takes of the other.
 */
export function notWorse(name: string, champion: ScoredSet, challenger: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  const views = pairedViews(champion, challenger, name);
  const few = insufficient(name, minPatients(views.first), rules);
  if (few) return [few];
  const options = optionsOf(rules);
  return [
    differenceCriterion('auroc-not-worse', name, 'AUROC', aurocDifference(views, options), rules.notWorse.auroc),
    differenceCriterion('sensitivity-not-worse', name, 'sensitivity', sensitivityDifference(views, options), rules.notWorse.sensitivity),
    differenceCriterion('specificity-not-worse', name, 'specificity', specificityDifference(views, options), rules.notWorse.specificity),
  ];
}

function differenceCriterion(criterion: string, name: string, what: string, { value, interval, why }: Estimate, margin: number): Criterion {
  const [low, high] = interval ?? [null, null];
  const surelyWorse = what === 'AUROC' && high !== null && high < 0;
  const passed = low !== null && low >= -margin && !surelyWorse;
  const words =
    value === null || low === null
      ? `The difference of ${what} for ${name} is not defined (${why ?? ''}).`
      : surelyWorse
        ? `${what} for ${name} is worse than the champion's by ${points(-value)}, and surely worse (${points(low)} to ${points(high)}).`
        : passed
          ? `${what} for ${name} is at worst ${points(Math.max(0, -low))} below the champion's; ${points(margin)} are allowed.`
          : `${what} for ${name} may be ${points(-low)} below the champion's; ${points(margin)} are allowed.`;
  return { name: criterion, class: name, figure: value, interval, comparison: 'at-least', bound: -margin, passed, counts: true, words };
}

/** In each source and each view with enough patients of both sides: not surely worse than the champion. */
export function notWorseInGroups(name: string, champion: ScoredSet, challenger: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  return (['source', 'view'] as const).flatMap((what) => {
    const groups = [...new Set(challenger.images.map((image) => image[what]))].sort();
    if (groups.length < 2) return [];
    return groups.flatMap((group): readonly Criterion[] => {
      const views = pairedViews(champion, challenger, name, (image) => challenger.images[image]![what] === group);
      if (minPatients(views.first) < rules.minPatients) return [];
      const { value, interval } = aurocDifference(views, optionsOf(rules));
      const passed = interval !== null && interval[1] >= 0;
      const where = `${what} ${group || 'unknown'}`;
      return [
        {
          name: `auroc-not-worse-in-${what}`,
          class: name,
          figure: value,
          interval,
          comparison: 'at-least',
          bound: 0,
          passed,
          counts: true,
          words: passed
            ? `In ${where} AUROC for ${name} is not surely worse than the champion's.`
            : `In ${where} AUROC for ${name} is surely worse than the champion's.`,
        },
      ];
    });
  });
}

/** Of a class that the champion does not know, or without a champion: surely better than a guess. */
export function firstOfItsKind(name: string, challenger: ScoredSet, rules: PromotionRules): Criterion {
  const view = classView(challenger, challenger.classes.indexOf(name));
  const few = insufficient(name, minPatients(view), rules);
  if (few) return few;
  const { value, interval } = aurocEstimate(view, optionsOf(rules));
  const passed = interval !== null && interval[0] >= rules.first.auroc;
  return {
    name: 'auroc-of-first',
    class: name,
    figure: value,
    interval,
    comparison: 'at-least',
    bound: rules.first.auroc,
    passed,
    counts: true,
    words: `AUROC for ${name}, which no champion judges yet, is ${interval ? `at least ${interval[0].toFixed(3)}` : 'not certain'}; ${rules.first.auroc.toFixed(2)} is needed.`,
  };
}

/** The probability may be believed: calibration error of each class, and of all together. */
export function calibrated(name: string, challenger: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  const { yTrue, yScore } = classView(challenger, challenger.classes.indexOf(name));
  const ece = expectedCalibrationError(reliabilityTable(yTrue, yScore));
  const passed = ece !== null && ece <= rules.calibration.ece;
  const brier = brierLoss(yTrue, yScore);
  return [
    {
      name: 'calibrated',
      class: name,
      figure: ece,
      interval: null,
      comparison: 'at-most',
      bound: rules.calibration.ece,
      passed,
      counts: true,
      words:
        ece === null
          ? `There is no labelled image of ${name} to check its probabilities.`
          : `Probabilities for ${name} are off by ${points(ece)} on average; ${points(rules.calibration.ece)} are allowed.`,
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
      words: `Mean squared error of the probability for ${name}${brier === null ? ' is not defined' : `: ${brier.toFixed(3)}`}.`,
    },
  ];
}

/** A class of the champion that the challenger does not know would be lost. */
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
      lost.length === 0 ? 'Every finding of the champion is still judged.' : `The challenger does not judge ${lost.join(', ')} any more.`,
  };
}

export function insufficient(name: string, patients: number, { minPatients }: PromotionRules): Criterion | undefined {
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
    words: `The test set has only ${pluralise(patients, 'patient')} on one side of ${name}; ${minPatients} are needed to say anything.`,
  };
}

/** Hundredths of a figure, for people. */
export function points(value: number): string {
  return value.toFixed(3);
}
