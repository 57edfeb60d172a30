import type { Estimate } from '../metrics/estimate.js';
import type { BootstrapOptions } from '../metrics/patient-bootstrap.js';
import type { ScoredSet } from '../report/scored-set.js';
import { bootstrapOptionsOf, tooFewPatients, threeDecimals } from './criteria.js';
import type { Criterion } from './gate-decision.js';
import { aurocDifference, minPatientsOfASide, pairedViews, sensitivityDifference, specificityDifference } from './paired.js';
import type { PromotionRules } from './promotion-rules.js';

/** The version that the challenger must not be inferior to: the champion, or the best promoted version so far. */
export interface Comparator {
  readonly set: ScoredSet;
  /** Ends the names of the criteria: `auroc-not-worse`, `auroc-not-worse-than-best`. */
  readonly suffix: '' | '-than-best';
  /** For sentences: `the champion`, `the best version so far (3f2a91c0d4e7)`. */
  readonly title: string;
}

interface Comparison {
  readonly figure: 'AUROC' | 'sensitivity' | 'specificity';
  readonly difference: (views: ReturnType<typeof pairedViews>, options: BootstrapOptions) => Estimate;
  /**
   * Also refused within the margin if it is worse with statistical significance. Not for sensitivity and specificity: a threshold
   * that moves takes from one what it gives to the other.
   */
  readonly refuseSignificantLoss: boolean;
}

const comparisons: readonly Comparison[] = [
  { figure: 'AUROC', difference: aurocDifference, refuseSignificantLoss: true },
  { figure: 'sensitivity', difference: sensitivityDifference, refuseSignificantLoss: false },
  { figure: 'specificity', difference: specificityDifference, refuseSignificantLoss: false },
];

/**
 * Non-inferiority of AUROC, sensitivity and specificity for one finding: the lower end of the confidence interval of challenger −
 * comparator is at least minus the margin (paired bootstrap over patients; Piaggio et al. 2012, CONSORT non-inferiority).
 * Sensitivity and specificity are those at the thresholds that are served.
 */
export function notWorse(name: string, comparator: Comparator, challenger: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  const views = pairedViews(comparator.set, challenger, name);
  const few = tooFewPatients(name, minPatientsOfASide(views.first), rules);
  if (few) return comparator.suffix === '' ? [few] : [];
  return comparisons.map((comparison) => {
    const { figure } = comparison;
    const margin = rules.notWorse[figure === 'AUROC' ? 'auroc' : figure];
    return nonInferiority({
      criterion: `${figure.toLowerCase()}-not-worse${comparator.suffix}`,
      name,
      what: `${figure} for ${name}`,
      title: comparator.title,
      estimate: comparison.difference(views, bootstrapOptionsOf(rules)),
      margin,
      refuseSignificantLoss: comparison.refuseSignificantLoss,
    });
  });
}

/**
 * The same for AUROC within each source and each view position of the test set, with the wider margin `notWorse.inGroup`. A group with
 * too few patients with or without the finding is shown and does not count.
 */
export function notWorseInGroups(
  name: string,
  { set, title }: Comparator,
  challenger: ScoredSet,
  rules: PromotionRules,
): readonly Criterion[] {
  return (['source', 'view'] as const).flatMap((what) => {
    const groups = [...new Set(challenger.images.map((image) => image[what]))].sort();
    if (groups.length < 2) return [];
    return groups.map((group): Criterion => {
      const views = pairedViews(set, challenger, name, (image) => challenger.images[image]![what] === group);
      const criterion = `auroc-not-worse-in-${what}`;
      const where = `${what} ${group || 'unknown'}`;
      const patients = minPatientsOfASide(views.first);
      if (patients < rules.minPatients) return tooSmallGroup(criterion, name, where, patients, rules);
      return nonInferiority({
        criterion,
        name,
        what: `In ${where} AUROC for ${name}`,
        title,
        estimate: aurocDifference(views, bootstrapOptionsOf(rules)),
        margin: rules.notWorse.inGroup,
        refuseSignificantLoss: true,
      });
    });
  });
}

interface NonInferiority {
  readonly criterion: string;
  readonly name: string;
  /** Subject of the sentence. */
  readonly what: string;
  readonly title: string;
  readonly estimate: Estimate;
  readonly margin: number;
  readonly refuseSignificantLoss: boolean;
}

function nonInferiority({ criterion, name, what, title, estimate, margin, refuseSignificantLoss }: NonInferiority): Criterion {
  const { value, interval, why } = estimate;
  const significantLoss = refuseSignificantLoss && interval !== null && interval[1] < 0;
  const passed = interval !== null && interval[0] >= -margin && !significantLoss;
  return {
    name: criterion,
    class: name,
    figure: value,
    interval,
    comparison: 'at-least',
    bound: -margin,
    passed,
    counts: true,
    words: sentence(),
  };

  function sentence(): string {
    if (value === null || interval === null) return `${what} cannot be compared with that of ${title} (${why ?? 'no interval'}).`;
    const range = `${threeDecimals(interval[0])} to ${threeDecimals(interval[1])}`;
    if (significantLoss) return `${what} is significantly lower than that of ${title}: by ${threeDecimals(-value)} (difference ${range}).`;
    const loss = threeDecimals(Math.max(0, -interval[0]));
    return passed
      ? `${what} is at worst ${loss} below that of ${title}; ${threeDecimals(margin)} are allowed.`
      : `${what} may be ${loss} below that of ${title}; ${threeDecimals(margin)} are allowed.`;
  }
}

function tooSmallGroup(
  criterion: string,
  name: string,
  where: string,
  patients: number,
  { minPatients, notWorse }: PromotionRules,
): Criterion {
  return {
    name: criterion,
    class: name,
    figure: null,
    interval: null,
    comparison: 'at-least',
    bound: -notWorse.inGroup,
    passed: false,
    counts: false,
    words: `In ${where} AUROC for ${name} is not compared: ${patients} patients with or without it, ${minPatients} are needed.`,
  };
}
