import type { ScoredImage, ScoredSet } from './scored-set.js';

/** The class with the highest score. */
export function maxProbable(yScore: readonly number[]): number {
  return yScore.reduce((best, score, index) => (score > yScore[best]! ? index : best), 0);
}

/** What is called present: of one-of-many the most probable class, else every class from its threshold on. */
export function calledPresent({ objective, thresholds }: ScoredSet, { yScore }: ScoredImage): readonly boolean[] {
  if (objective === 'several') return yScore.map((score, index) => score >= thresholds[index]!);
  const best = maxProbable(yScore);
  return yScore.map((_, index) => index === best);
}

/** One class of a set: the images whose truth is known for it, side by side. */
export interface ClassView {
  readonly images: readonly ScoredImage[];
  readonly patients: readonly string[];
  readonly yTrue: readonly (0 | 1)[];
  readonly yScore: readonly number[];
  readonly called: readonly boolean[];
}

export function classView(set: ScoredSet, index: number): ClassView {
  const images = set.images.filter(({ yTrue }) => yTrue[index] !== null);
  return {
    images,
    patients: images.map(({ patient }) => patient),
    yTrue: images.map(({ yTrue }) => yTrue[index] as 0 | 1),
    yScore: images.map(({ yScore }) => yScore[index]!),
    called: images.map((image) => calledPresent(set, image)[index]!),
  };
}

/** All decisions of a set on one heap, `several` only. */
export function pooledView(set: ScoredSet): ClassView {
  const views = set.classes.map((_, index) => classView(set, index));
  return {
    images: views.flatMap(({ images }) => images),
    patients: views.flatMap(({ patients }) => patients),
    yTrue: views.flatMap(({ yTrue }) => yTrue),
    yScore: views.flatMap(({ yScore }) => yScore),
    called: views.flatMap(({ called }) => called),
  };
}
