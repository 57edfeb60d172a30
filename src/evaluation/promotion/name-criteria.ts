import { ascending, aurocScore } from '../metrics/auroc.js';
import type { Estimate, Truth } from '../metrics/estimate.js';
import { patientBootstrap } from '../metrics/patient-bootstrap.js';
import type { ScoredSet } from '../report/scored-set.js';
import { classView } from '../report/decisions.js';
import { aurocEstimate } from '../report/class-figures.js';
import { cramersV } from './association.js';
import { bootstrapOptionsOf, threeDecimals } from './criteria.js';
import type { EvaluatedVersion, GateEvidence } from './evidence.js';
import type { Criterion } from './gate-decision.js';
import { nameBaseline } from './name-baseline.js';
import type { PromotionRules } from './promotion-rules.js';
import { sourceReadability, type SourceReadability } from './source-classifier.js';

/** AUROC of the network minus that of the view position alone, and of the source alone. The second is shown and does not count. */
export function namesAlone(name: string, set: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  const index = set.classes.indexOf(name);
  const [view, source] = (['view', 'source'] as const).map((what) => aboveBaseline(set, index, what, rules));
  const { aboveView } = rules.shortcuts;
  return [
    {
      name: 'above-view',
      class: name,
      figure: view!.gain.value,
      interval: view!.gain.interval,
      comparison: 'at-least',
      bound: aboveView,
      passed: !view!.several || (view!.gain.interval !== null && view!.gain.interval[0] >= aboveView),
      counts: view!.several,
      words: view!.several
        ? `The view position alone scores AUROC ${view!.text} for ${name}; the network is ${
            view!.gain.interval ? `at least ${threeDecimals(view!.gain.interval[0])} above` : 'not comparable'
          }, ${aboveView.toFixed(2)} are needed.`
        : `All images have one view position, so that it cannot predict ${name}.`,
    },
    {
      name: 'above-source',
      class: name,
      figure: source!.gain.value,
      interval: source!.gain.interval,
      comparison: 'at-least',
      bound: null,
      passed: true,
      counts: false,
      words: source!.several
        ? `The source alone scores AUROC ${source!.text} for ${name}${(source!.baseline ?? 0) > 0.8 ? ': these data cannot tell disease from source' : ''}.`
        : `All images are from one source, so that it cannot predict ${name}.`,
    },
  ];
}

interface AboveBaseline {
  /** Whether the labelled images have at least two names. */
  readonly several: boolean;
  readonly baseline: number | null;
  /** The baseline for a sentence. */
  readonly text: string;
  /** AUROC of the network minus the baseline. */
  readonly gain: Estimate;
}

function aboveBaseline(set: ScoredSet, index: number, what: 'view' | 'source', rules: PromotionRules): AboveBaseline {
  const { images, patients, yTrue, yScore } = classView(set, index);
  const names = images.map((image) => image[what]);
  const baselineOf = nameBaseline(names, patients, yTrue);
  const order = ascending(yScore);
  const baseline = baselineOf();
  const options = bootstrapOptionsOf(rules);
  const undefinedAuroc = aurocEstimate({ images, patients, yTrue, yScore, called: [] }, { ...options, resamples: 1 }).value === null;
  const gain: Estimate = undefinedAuroc
    ? { value: null, interval: null, why: 'too few images of one class' }
    : patientBootstrap(
        patients,
        (weights) => {
          const [own, alone] = [aurocScore(yTrue, yScore, weights, order), baselineOf(weights)];
          return own === null || alone === null ? null : own - alone;
        },
        options,
      );
  return { several: new Set(names).size > 1, baseline, text: baseline === null ? 'not defined' : threeDecimals(baseline), gain };
}

/** Cramér's V of label and source in training; shown, does not count. */
export function labelSourceAssociation(name: string, source: readonly string[], labels: readonly Truth[]): Criterion {
  const labelled = labels.flatMap((label, image) => (label === null ? [] : [{ label: String(label), source: source[image]! }]));
  const v =
    labelled.length === 0
      ? null
      : cramersV(
          labelled.map(({ label }) => label),
          labelled.map((one) => one.source),
        );
  return {
    name: 'label-apart-from-source',
    class: name,
    figure: v,
    interval: null,
    comparison: 'at-most',
    bound: null,
    passed: true,
    counts: false,
    words:
      v === null
        ? `In training, label and source of ${name} cannot be compared: one of them is always the same.`
        : `In training, Cramér's V of label and source for ${name} is ${v.toFixed(2)}${v > 0.5 ? ': the source nearly gives the label away' : ''}.`,
  };
}

/**
 * The source is not told from the features more easily than from the champion's: the upper end of the interval of the difference in
 * AUROC is at most the bound. Without a champion it is shown only: on pooled data any network tells the source.
 */
export function sourceNotEasier({ champion, challenger }: GateEvidence, rules: PromotionRules): Criterion {
  const base = { name: 'source-not-easier', comparison: 'at-most', bound: null, interval: null } as const;
  if (!challenger.embeddings)
    return {
      ...base,
      figure: null,
      passed: false,
      counts: true,
      words: 'The features of the challenger are missing: it cannot be tested whether they tell the source.',
    };
  const own = readSources(challenger, rules.seed);
  if (own === null)
    return {
      ...base,
      figure: null,
      passed: true,
      counts: false,
      words: 'There are not two sources with ten patients each: it cannot be tested whether the features tell the source.',
    };
  const sentence = `The features tell which of ${own.names.length} sources an image is from with AUROC ${threeDecimals(own.auroc)} (balanced accuracy ${own.balancedAccuracy.toFixed(2)})`;
  if (!champion)
    return { ...base, figure: own.auroc, passed: true, counts: false, words: `${sentence}; there is no champion to compare with.` };
  const before = readSources(champion, rules.seed);
  const { value, interval }: Estimate = before
    ? patientBootstrap(
        own.patients,
        (weights) => {
          const [one, other] = [before.aurocOf(weights), own.aurocOf(weights)];
          return one === null || other === null ? null : other - one;
        },
        bootstrapOptionsOf(rules),
      )
    : { value: null, interval: null };
  const bound = rules.shortcuts.source;
  return {
    ...base,
    figure: value,
    interval,
    bound,
    passed: interval !== null && interval[1] <= bound,
    counts: true,
    words: interval
      ? `${sentence}, at most ${threeDecimals(interval[1])} above the champion's (${threeDecimals(before!.auroc)}); ${bound.toFixed(2)} are allowed.`
      : `${sentence}; it cannot be compared with that of the champion.`,
  };
}

function readSources({ set, embeddings }: EvaluatedVersion, seed: number): SourceReadability | null {
  return embeddings
    ? sourceReadability(
        embeddings,
        set.images.map(({ source }) => source),
        set.images.map(({ patient }) => patient),
        seed,
      )
    : null;
}
