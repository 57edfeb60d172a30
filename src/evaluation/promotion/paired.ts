import { aurocScore, ascending } from '../metrics/auroc.js';
import type { Estimate } from '../metrics/estimate.js';
import { patientBootstrap, type BootstrapOptions, type Weights } from '../metrics/patient-bootstrap.js';
import { classView, type ClassView } from '../report/decisions.js';
import type { ScoredSet } from '../report/scored-set.js';

/** One figure of a class for images with these weights; null where it is not defined. */
type Measure = (weights: Weights) => number | null;

/** The same class of two sets of the same images. */
export interface PairedViews {
  readonly first: ClassView;
  readonly second: ClassView;
}

/**
 * Views of one class by name. An image is called present from the served threshold on, also of a one-of-many network: reports decide so
 * (decide-findings.ts), and the gate examines what is reported.
 *
 * @param includes by index of the image; all if not given
 */
export function pairedViews(
  first: ScoredSet,
  second: ScoredSet,
  name: string,
  includes: (image: number) => boolean = () => true,
): PairedViews {
  const part = (set: ScoredSet): ClassView => {
    const index = set.classes.indexOf(name);
    const view = classView({ ...set, images: set.images.filter((_, image) => includes(image)) }, index);
    return { ...view, called: view.yScore.map((score) => score >= set.thresholds[index]!) };
  };
  return { first: part(first), second: part(second) };
}

/**
 * Second minus first on the same resamples of patients: images that are hard for both cancel out, which makes the interval narrower
 * than those of the figures themselves (Efron & Tibshirani 1993 §16).
 */
function pairedDifference({ first }: PairedViews, one: Measure, other: Measure, options: BootstrapOptions): Estimate {
  return patientBootstrap(
    first.patients,
    (weights) => {
      const [before, after] = [one(weights), other(weights)];
      return before === null || after === null ? null : after - before;
    },
    options,
  );
}

export function aurocDifference(views: PairedViews, options: BootstrapOptions): Estimate {
  return pairedDifference(views, aurocOf(views.first), aurocOf(views.second), options);
}

export function sensitivityDifference(views: PairedViews, options: BootstrapOptions): Estimate {
  return pairedDifference(views, shareOf(views.first, 1), shareOf(views.second, 1), options);
}

export function specificityDifference(views: PairedViews, options: BootstrapOptions): Estimate {
  return pairedDifference(views, shareOf(views.first, 0), shareOf(views.second, 0), options);
}

function aurocOf({ yTrue, yScore }: ClassView): Measure {
  const order = ascending(yScore);
  return (weights) => aurocScore(yTrue, yScore, weights, order);
}

/** Share of the images with this truth that are called so: sensitivity for 1, specificity for 0. */
function shareOf({ yTrue, called }: ClassView, truth: 0 | 1): Measure {
  return (weights) => {
    let all = 0;
    let right = 0;
    for (let image = 0; image < yTrue.length; image++) {
      if (yTrue[image] !== truth) continue;
      all += weights[image]!;
      if (called[image] === (truth === 1)) right += weights[image]!;
    }
    return all === 0 ? null : right / all;
  };
}

/** The smaller of two numbers: patients with the finding, and patients without it. */
export function minPatientsOfASide({ patients, yTrue }: ClassView): number {
  const of = (truth: 0 | 1): number => new Set(patients.filter((_, image) => yTrue[image] === truth)).size;
  return Math.min(of(0), of(1));
}
