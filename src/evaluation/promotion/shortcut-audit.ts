import type { Estimate, Truth } from '../metrics/estimate.js';
import { aurocEstimate } from '../report/class-figures.js';
import { classView } from '../report/decisions.js';
import type { ScoredSet } from '../report/scored-set.js';
import { cramersV } from './association.js';
import { optionsOf } from './criteria.js';
import { checkSameImages, type GateEvidence } from './evidence.js';
import type { Criterion } from './gate-decision.js';
import { nameBaseline } from './name-baseline.js';
import { aurocDifference, pairedViews } from './paired.js';
import type { PromotionRules } from './promotion-rules.js';
import { readability } from './source-classifier.js';

/**
 * Whether the network looks at lungs or at what goes with them: where X-rays come from, how the patient stood, what is written
 * in the corner (DeGrave, Janizek & Lee 2021; Maguolo & Nanni 2020, arXiv 2004.12823).
 */
export function shortcutAudit(evidence: GateEvidence, rules: PromotionRules): readonly Criterion[] {
  const { kind, challenger, changed, training } = evidence;
  return [
    ...challenger.set.classes.flatMap((name) => [
      ...(changed ? maskCriteria(name, challenger.set, changed, rules) : [notMade(name, kind)]),
      ...nameCriteria(name, challenger.set, rules),
      ...(training ? [associationCriterion(name, training.source, training.labels[name] ?? [])] : []),
    ]),
    sourceCriterion(evidence, rules),
  ];
}

function maskCriteria(
  name: string,
  whole: ScoredSet,
  { lungsCovered, onlyLungs, bordersCovered }: NonNullable<GateEvidence['changed']>,
  { shortcuts, ...rules }: PromotionRules,
): readonly Criterion[] {
  for (const [what, set] of Object.entries({ lungsCovered, onlyLungs, bordersCovered })) checkSameImages(whole, set, what);
  const options = optionsOf({ ...rules, shortcuts });
  const fall = (set: ScoredSet): Estimate => aurocDifference(pairedViews(set, whole, name), options);
  const [withoutLungs, withoutBorders] = [fall(lungsCovered), fall(bordersCovered)];
  const inside = aurocDifference(pairedViews(lungsCovered, onlyLungs, name), options);
  const [covered, alone] = [lungsCovered, onlyLungs].map((set) => aurocEstimate(classView(set, set.classes.indexOf(name)), options));
  const say = (value: number | null | undefined): string => (value === null || value === undefined ? 'not defined' : value.toFixed(3));
  return [
    {
      name: 'lungs-matter',
      class: name,
      figure: withoutLungs.value,
      interval: withoutLungs.interval,
      comparison: 'at-least',
      bound: shortcuts.lungsMatter,
      passed: withoutLungs.value !== null && withoutLungs.value >= shortcuts.lungsMatter,
      counts: true,
      words: `With the lungs covered AUROC for ${name} is ${say(covered?.value)}: it falls by ${say(withoutLungs.value)}, and ${shortcuts.lungsMatter.toFixed(2)} are needed, or it does not need the lungs.`,
    },
    {
      name: 'lungs-tell-more',
      class: name,
      figure: inside.value,
      interval: inside.interval,
      comparison: 'at-least',
      bound: shortcuts.lungsTellMore,
      passed: inside.value !== null && inside.value >= shortcuts.lungsTellMore,
      counts: true,
      words: `With only the lungs AUROC for ${name} is ${say(alone?.value)}, with everything but the lungs ${say(covered?.value)}; the difference must be at least ${shortcuts.lungsTellMore.toFixed(2)}.`,
    },
    {
      name: 'borders-do-not-matter',
      class: name,
      figure: withoutBorders.value,
      interval: withoutBorders.interval,
      comparison: 'at-most',
      bound: shortcuts.bordersDoNot,
      passed: withoutBorders.value !== null && withoutBorders.value <= shortcuts.bordersDoNot,
      counts: true,
      words: `With borders and markers covered AUROC for ${name} falls by ${say(withoutBorders.value)}; ${shortcuts.bordersDoNot.toFixed(2)} are allowed.`,
    },
  ];
}

/** Not measured is not passed; for CT it does not count, because there is no mask to measure with. */
function notMade(name: string, kind: GateEvidence['kind']): Criterion {
  return {
    name: 'lungs-matter',
    class: name,
    figure: null,
    interval: null,
    comparison: 'at-least',
    bound: null,
    passed: false,
    counts: kind === 'xray',
    words: `For ${name} it was not tested whether the lungs matter${kind === 'ct' ? ': there is no lung-field mask for CT' : ''}.`,
  };
}

/** What the view alone, and the source alone, would score. */
function nameCriteria(name: string, set: ScoredSet, rules: PromotionRules): readonly Criterion[] {
  const index = set.classes.indexOf(name);
  const { value } = aurocEstimate(classView(set, index), optionsOf(rules));
  const patients = set.images.map(({ patient }) => patient);
  const yTrue = set.images.map((image) => image.yTrue[index]!);
  const baseline = (what: 'view' | 'source'): number | null =>
    nameBaseline(
      set.images.map((image) => image[what]),
      patients,
      yTrue,
    );
  const [view, source] = [baseline('view'), baseline('source')];
  const { aboveView } = rules.shortcuts;
  const gap = view === null || value === null ? null : value - view;
  return [
    {
      name: 'above-view',
      class: name,
      figure: gap,
      interval: null,
      comparison: 'at-least',
      bound: aboveView,
      passed: view === null || (gap !== null && gap >= aboveView),
      counts: view !== null,
      words:
        view === null
          ? `All images are of one view: there is nothing to read off it for ${name}.`
          : `Who knows only the view scores AUROC ${view.toFixed(3)} for ${name}; the network is ${gap === null ? 'not comparable' : `${gap.toFixed(3)} above`}, ${aboveView.toFixed(2)} are needed.`,
    },
    {
      name: 'above-source',
      class: name,
      figure: source === null || value === null ? null : value - source,
      interval: null,
      comparison: 'at-least',
      bound: null,
      passed: true,
      counts: false,
      words:
        source === null
          ? `All images are of one source: there is nothing to read off it for ${name}.`
          : `Who knows only the source scores AUROC ${source.toFixed(3)} for ${name}${source > 0.8 ? ': these data cannot tell disease from source' : ''}.`,
    },
  ];
}

function associationCriterion(name: string, source: readonly string[], labels: readonly Truth[]): Criterion {
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
        : `In training, Cramér's V of label and source for ${name} is ${v.toFixed(2)}${v > 0.5 ? ': the source nearly gives the answer away' : ''}.`,
  };
}

/** Counts beside a champion only: on pooled data any network gives the source away, the question is whether it got worse. */
function sourceCriterion({ champion, challenger }: GateEvidence, { shortcuts, seed }: PromotionRules): Criterion {
  const read = ({ set, embeddings }: GateEvidence['challenger']) =>
    embeddings
      ? readability(
          embeddings,
          set.images.map(({ source }) => source),
          set.images.map(({ patient }) => patient),
          seed,
        )
      : null;
  const own = read(challenger);
  const before = champion ? read(champion) : null;
  const comparison = 'at-most' as const;
  if (own === null)
    return {
      name: 'source-not-easier',
      figure: null,
      interval: null,
      comparison,
      bound: null,
      passed: true,
      counts: false,
      words: 'There are not two sources with ten patients each: whether the features tell the source cannot be asked.',
    };
  const sentence = `The features tell which of ${own.names.length} sources an image is from with AUROC ${own.auroc.toFixed(3)} (balanced accuracy ${own.balancedAccuracy.toFixed(2)})`;
  if (before === null)
    return {
      name: 'source-not-easier',
      figure: own.auroc,
      interval: null,
      comparison,
      bound: null,
      passed: true,
      counts: false,
      words: `${sentence}; there is no champion to compare with.`,
    };
  const bound = before.auroc + shortcuts.source;
  return {
    name: 'source-not-easier',
    figure: own.auroc,
    interval: null,
    comparison,
    bound,
    passed: own.auroc <= bound,
    counts: true,
    words: `${sentence}; the champion's with ${before.auroc.toFixed(3)}, and ${shortcuts.source.toFixed(2)} more are allowed.`,
  };
}
