import type { Estimate } from '../metrics/estimate.js';
import { aurocEstimate } from '../report/class-figures.js';
import { classView } from '../report/decisions.js';
import type { ScoredSet } from '../report/scored-set.js';
import { bootstrapOptionsOf, threeDecimals } from './criteria.js';
import { checkSameImages, type GateEvidence } from './evidence.js';
import type { Criterion } from './gate-decision.js';
import { labelSourceAssociation, namesAlone, sourceNotEasier } from './name-criteria.js';
import { aurocDifference, pairedViews } from './paired.js';
import type { PromotionRules } from './promotion-rules.js';

/**
 * Whether the network reads the lungs or something associated with the label: the hospital, the patient's position, a marker in the
 * corner (DeGrave, Janizek & Lee 2021, doi 10.1038/s42256-021-00338-7; Maguolo & Nanni 2020, arXiv 2004.12823). Each bound applies to
 * the unfavourable end of the confidence interval.
 */
export function shortcutAudit(evidence: GateEvidence, rules: PromotionRules): readonly Criterion[] {
  const { kind, challenger, masked, training } = evidence;
  return [
    ...challenger.set.classes.flatMap((name) => [
      ...(masked ? maskCriteria(name, challenger.set, masked, rules) : [notMasked(name, kind)]),
      ...namesAlone(name, challenger.set, rules),
      ...(training ? [labelSourceAssociation(name, training.source, training.labels[name] ?? [])] : []),
    ]),
    sourceNotEasier(evidence, rules),
  ];
}

function maskCriteria(
  name: string,
  whole: ScoredSet,
  { lungsCovered, onlyLungs, bordersCovered }: NonNullable<GateEvidence['masked']>,
  rules: PromotionRules,
): readonly Criterion[] {
  for (const [what, set] of Object.entries({ lungsCovered, onlyLungs, bordersCovered })) checkSameImages(whole, set, what);
  const options = bootstrapOptionsOf(rules);
  const { lungsMatter, lungsTellMore, bordersDoNot } = rules.shortcuts;
  const fall = (set: ScoredSet): Estimate => aurocDifference(pairedViews(set, whole, name), options);
  const auroc = (set: ScoredSet): string => figureText(aurocEstimate(classView(set, set.classes.indexOf(name)), options));
  const withoutLungs = fall(lungsCovered);
  const withoutBorders = fall(bordersCovered);
  const inside = aurocDifference(pairedViews(lungsCovered, onlyLungs, name), options);
  return [
    lowerEnd(
      'lungs-matter',
      name,
      withoutLungs,
      lungsMatter,
      `With the lungs covered AUROC for ${name} is ${auroc(lungsCovered)}: it falls by ${figureText(withoutLungs)}, at least ${lungsMatter.toFixed(2)} is needed.`,
    ),
    lowerEnd(
      'lungs-tell-more',
      name,
      inside,
      lungsTellMore,
      `With only the lungs AUROC for ${name} is ${auroc(onlyLungs)}, with everything but the lungs ${auroc(lungsCovered)}; the difference is ${figureText(inside)}, at least ${lungsTellMore.toFixed(2)} is needed.`,
    ),
    {
      name: 'borders-do-not-matter',
      class: name,
      figure: withoutBorders.value,
      interval: withoutBorders.interval,
      comparison: 'at-most',
      bound: bordersDoNot,
      passed: withoutBorders.interval !== null && withoutBorders.interval[1] <= bordersDoNot,
      counts: true,
      words: `With borders and markers covered AUROC for ${name} falls by ${figureText(withoutBorders)}; ${bordersDoNot.toFixed(2)} are allowed.`,
    },
  ];
}

/** A criterion whose interval must lie at or above the bound. */
function lowerEnd(criterion: string, name: string, { value, interval }: Estimate, bound: number, words: string): Criterion {
  return {
    name: criterion,
    class: name,
    figure: value,
    interval,
    comparison: 'at-least',
    bound,
    passed: interval !== null && interval[0] >= bound,
    counts: true,
    words,
  };
}

/** `0.123 (0.081 to 0.164)`, or why there is no figure. */
function figureText({ value, interval, why }: Estimate): string {
  if (value === null) return `not defined (${why ?? 'no figure'})`;
  return interval ? `${threeDecimals(value)} (${interval.map(threeDecimals).join(' to ')})` : `${threeDecimals(value)} (no interval)`;
}

/** Not measured counts as failed for X-rays; slices without covered pictures are those of earlier releases. */
function notMasked(name: string, kind: GateEvidence['kind']): Criterion {
  return {
    name: 'lungs-matter',
    class: name,
    figure: null,
    interval: null,
    comparison: 'at-least',
    bound: null,
    passed: false,
    counts: kind === 'xray',
    words: `For ${name} it was not tested whether the lungs matter${kind === 'ct' ? ', which does not count for CT' : ''}.`,
  };
}
