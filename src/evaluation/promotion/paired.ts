import { aurocScore, ascending } from '../metrics/auroc.js';
import type { Estimate } from '../metrics/estimate.js';
import { patientBootstrap, type BootstrapOptions, type Weights } from '../metrics/patient-bootstrap.js';
import { classView, type ClassView } from '../report/decisions.js';
import type { ScoredSet } from '../report/scored-set.js';

/** One figure of a class for images counted so often; null where it is not defined. */
type Measure = (weights: Weights) => number | null;

/** The same class of two sets of the same images. */
export interface PairedViews {
  readonly first: ClassView;
  readonly second: ClassView;
}

export function pairedViews(first: ScoredSet, second: ScoredSet, name: string, keep: (image: number) => boolean = () => true): PairedViews {
  const part = (set: ScoredSet): ClassView =>
    classView({ ...set, images: set.images.filter((_, image) => keep(image)) }, set.classes.indexOf(name));
  return { first: part(first), second: part(second) };
}

/**
 * Second less first on the same resamples of patients: what both find hard drops out, which makes the interval narrower than
 * those of the figures themselves (Efron & Tibshirani 1993 §16).
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

/** Of the images with this truth, the share that is called so. */
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

/** Patients of the smaller side. */
export function minPatients({ patients, yTrue }: ClassView): number {
  const of = (truth: 0 | 1): number => new Set(patients.filter((_, image) => yTrue[image] === truth)).size;
  return Math.min(of(0), of(1));
}
