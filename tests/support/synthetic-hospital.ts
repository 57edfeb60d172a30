import { mulberry32, shuffled, type Uniform } from '../../src/lib/seeded-random.js';
import { chooseScaling } from '../../src/evaluation/choose-calibration.js';
import { probabilityOf } from '../../src/evaluation/probability.js';
import { fitLogisticRegression } from '../../src/evaluation/promotion/logistic-regression.js';
import type { MaskedSets, EvaluatedVersion } from '../../src/evaluation/promotion/evidence.js';
import type { ScoredImage, ScoredSet } from '../../src/evaluation/report/scored-set.js';

/**
 * A world in numbers: each image is a few features, some of the lungs (disease shifts them) and some of the border (the source
 * shifts them). Small enough that a test really trains a classifier on it, rightly or wrongly labelled, in milliseconds.
 */
export interface NumberImage {
  readonly id: string;
  readonly patient: string;
  readonly source: string;
  readonly view: string;
  readonly truth: 0 | 1;
  readonly features: readonly number[];
}

const lungFeatures = 8;
const borderFeatures = 4;

export interface WorldOptions {
  readonly patients: number;
  readonly seed: number;
  /** How far disease moves each lung feature; 0.6 gives an AUROC of about 0.9. */
  readonly effect?: number;
  /** How often the source is that of the disease; 0.5 is no confounding. */
  readonly confounding?: number;
}

export function imagesOf({ patients, seed, effect = 0.6, confounding = 0.5 }: WorldOptions): readonly NumberImage[] {
  const uniform = mulberry32(seed);
  return Array.from({ length: patients }, (_, patient) => {
    const truth = uniform() < 0.4 ? 1 : 0;
    const source = uniform() < confounding === (truth === 1) ? 'north' : 'south';
    const own = gaussian(uniform) * 0.3;
    return Array.from(
      { length: 1 + Math.floor(uniform() * 2) },
      (__, image): NumberImage => ({
        id: `${seed}-${patient}-${image}`,
        patient: `${seed}-${patient}`,
        source,
        view: uniform() < 0.5 ? 'PA' : 'AP',
        truth,
        features: [
          ...Array.from({ length: lungFeatures }, () => effect * (truth - 0.5) + own + gaussian(uniform)),
          ...Array.from({ length: borderFeatures }, () => (source === 'north' ? 0.8 : -0.8) + gaussian(uniform)),
        ],
      }),
    );
  }).flat();
}

export function gaussian(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export type Labels = readonly (0 | 1)[];

/** Labels of other images in place of their own. */
export function permuted(images: readonly NumberImage[], seed: number): Labels {
  return shuffled(
    images.map(({ truth }) => truth),
    mulberry32(seed),
  );
}

export function flipped(images: readonly NumberImage[], share: number, seed: number): Labels {
  const uniform = mulberry32(seed);
  return images.map(({ truth }) => (uniform() < share ? ((1 - truth) as 0 | 1) : truth));
}

/** Trains a linear network on the labels given, its calibration on its own split, as the product does. */
export function train(
  images: readonly NumberImage[],
  labels: Labels = images.map(({ truth }) => truth),
  onlyBorder = false,
): (image: NumberImage) => number {
  const seen = (features: readonly number[]): readonly number[] =>
    onlyBorder ? features.map((value, i) => (i < lungFeatures ? 0 : value)) : features;
  const cut = Math.floor(images.length * 0.8);
  const model = fitLogisticRegression(
    images.slice(0, cut).map(({ features }) => seen(features)),
    labels.slice(0, cut),
    2,
    1,
  );
  const logit = (image: NumberImage): number => {
    const [absent, present] = model.probabilities(seen(image.features));
    return Math.log(present! / absent!);
  };
  const scaling = chooseScaling(labels.slice(cut), images.slice(cut).map(logit));
  return (image) => probabilityOf(logit(image), scaling);
}

export function evaluated(version: string, images: readonly NumberImage[], score: (image: NumberImage) => number): EvaluatedVersion {
  return { version, set: scored(images, score), embeddings: images.map(({ features }) => features) };
}

export function maskedSets(images: readonly NumberImage[], score: (image: NumberImage) => number): MaskedSets {
  const without = (hidden: (feature: number) => boolean): ScoredSet =>
    scored(images, (image) => score({ ...image, features: image.features.map((value, i) => (hidden(i) ? 0 : value)) }));
  return {
    lungsCovered: without((i) => i < lungFeatures),
    onlyLungs: without((i) => i >= lungFeatures),
    bordersCovered: without((i) => i >= lungFeatures),
  };
}

function scored(images: readonly NumberImage[], score: (image: NumberImage) => number): ScoredSet {
  return {
    objective: 'several',
    classes: ['pneumonia'],
    thresholds: [0.5],
    images: images.map(
      (image): ScoredImage => ({
        id: image.id,
        patient: image.patient,
        source: image.source,
        view: image.view,
        yTrue: [image.truth],
        // every other healthy patient has something else
        abnormal: image.truth === 1 || /[02468]-\d+$/.test(image.id),
        yScore: [score(image)],
      }),
    ),
  };
}
