import { delongComparison, delongEstimate } from '../metrics/delong.js';
import { notDefined, type Estimate, type Interval } from '../metrics/estimate.js';
import { mcnemarPValue } from '../metrics/mcnemar.js';
import { normalQuantile } from '../metrics/normal.js';
import type { BootstrapOptions } from '../metrics/patient-bootstrap.js';
import { wilsonEstimate } from '../metrics/wilson.js';
import { aurocDifference, pairedViews, sensitivityDifference, specificityDifference, type PairedViews } from '../promotion/paired.js';
import type { ScoredSet } from '../report/scored-set.js';

/** One figure of two models on the same images. */
export interface ComparedFigure {
  readonly first: Estimate;
  readonly second: Estimate;
  /** Second minus first, with an interval that knows that the images are the same. */
  readonly difference: Estimate;
  /** Two-sided, of no difference; null where the figure is not defined. */
  readonly pValue: number | null;
}

/** A finding that both models report. */
export interface ComparedFinding {
  readonly name: string;
  readonly n: number;
  readonly positives: number;
  readonly patients: number;
  /** Differences: DeLong's interval if each patient has one image, else the percentile bootstrap over patients. P-value: DeLong. */
  readonly auroc: ComparedFigure;
  /** Intervals of the rates: Wilson; of their differences: percentile bootstrap over patients. P-value: McNemar, exact. */
  readonly sensitivity: ComparedFigure;
  readonly specificity: ComparedFigure;
}

export interface ModelComparison {
  /** Images that both models scored. */
  readonly n: number;
  readonly patients: number;
  readonly findings: readonly ComparedFinding[];
  /** Findings that only one of them reports. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** How many of the images each model's own checks would have refused; they count here like all others. */
  readonly refused: { readonly first: number; readonly second: number };
}

/**
 * Two models on the same labelled images, finding by finding. An image that only one of them scored is left out. Each model decides by
 * its own thresholds.
 */
export function compareSets(first: ScoredSet, second: ScoredSet, options: BootstrapOptions = {}): ModelComparison {
  const [one, other] = onCommonImages(first, second);
  const refusedIn = ({ images }: ScoredSet): number => images.filter(({ refusal }) => refusal !== undefined).length;
  return {
    n: one.images.length,
    patients: new Set(one.images.map(({ patient }) => patient)).size,
    findings: one.classes.filter((name) => other.classes.includes(name)).map((name) => comparedFinding(one, other, name, options)),
    onlyFirst: one.classes.filter((name) => !other.classes.includes(name)),
    onlySecond: other.classes.filter((name) => !one.classes.includes(name)),
    refused: { first: refusedIn(one), second: refusedIn(other) },
  };
}

/** Both in the order of the first. */
function onCommonImages(first: ScoredSet, second: ScoredSet): readonly [ScoredSet, ScoredSet] {
  const ofSecond = new Map(second.images.map((image) => [image.id, image]));
  const common = first.images.filter(({ id }) => ofSecond.has(id));
  return [
    { ...first, images: common },
    { ...second, images: common.map(({ id }) => ofSecond.get(id)!) },
  ];
}

function comparedFinding(first: ScoredSet, second: ScoredSet, name: string, options: BootstrapOptions): ComparedFinding {
  // A one-of-many network may describe an image by its other classes: what has a label for both is compared.
  const [atFirst, atSecond] = [first.classes.indexOf(name), second.classes.indexOf(name)];
  const labelled = (image: number): boolean =>
    first.images[image]!.yTrue[atFirst] !== null && second.images[image]!.yTrue[atSecond] !== null;
  const views = pairedViews(first, second, name, labelled);
  const { yTrue, patients } = views.first;
  return {
    name,
    n: yTrue.length,
    positives: yTrue.filter((truth) => truth === 1).length,
    patients: new Set(patients).size,
    auroc: comparedAuroc(views, options),
    sensitivity: comparedRate(views, 1, sensitivityDifference(views, options), options),
    specificity: comparedRate(views, 0, specificityDifference(views, options), options),
  };
}

function comparedAuroc(views: PairedViews, options: BootstrapOptions): ComparedFigure {
  const { first, second } = views;
  const { confidence = 0.95 } = options;
  const compared = delongComparison(first.yTrue, first.yScore, second.yScore);
  const several = new Set(first.patients).size < first.patients.length;
  return {
    first: delongEstimate(first.yTrue, first.yScore, confidence),
    second: delongEstimate(second.yTrue, second.yScore, confidence),
    difference: !compared
      ? notDefined('fewer than two images of a class')
      : several
        ? aurocDifference(views, options)
        : { value: compared.difference, interval: normalInterval(compared, confidence) },
    pValue: compared?.pValue ?? null,
  };
}

function normalInterval(
  { difference, standardError }: { readonly difference: number; readonly standardError: number },
  confidence: number,
): Interval {
  const half = normalQuantile(1 - (1 - confidence) / 2) * standardError;
  return [difference - half, difference + half];
}

/** @param truth 1 for sensitivity, 0 for specificity */
function comparedRate({ first, second }: PairedViews, truth: 0 | 1, difference: Estimate, options: BootstrapOptions): ComparedFigure {
  const images = first.yTrue.flatMap((one, image) => (one === truth ? [image] : []));
  const isRight = ({ called }: PairedViews['first'], image: number): boolean => called[image] === (truth === 1);
  const rightBy = (view: PairedViews['first']): number => images.filter((image) => isRight(view, image)).length;
  const only = (one: PairedViews['first'], other: PairedViews['first']): number =>
    images.filter((image) => isRight(one, image) && !isRight(other, image)).length;
  return {
    first: wilsonEstimate(rightBy(first), images.length, options.confidence),
    second: wilsonEstimate(rightBy(second), images.length, options.confidence),
    difference,
    pValue: images.length === 0 ? null : mcnemarPValue({ onlyFirstRight: only(first, second), onlySecondRight: only(second, first) }),
  };
}
