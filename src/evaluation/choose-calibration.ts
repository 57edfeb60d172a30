import type { Truth } from './metrics/estimate.js';
import { fitPlatt, fitSoftmaxScaling, type Platt, type SoftmaxScaling } from './metrics/platt.js';
import { fitSoftmaxTemperature, fitTemperature } from './metrics/temperature.js';

/** With fewer images of a side a bias is one of these images, not of the hospital. */
const minImages = 10;
const folds = 5;

/**
 * How one output's logits become probabilities: temperature and bias where both sides have ten images and five-fold
 * cross-validation gives a log loss that is smaller than that of the temperature alone by more than its standard error; else the
 * temperature; 1 where nothing can be fitted.
 */
export function chooseScaling(yTrue: readonly Truth[], logits: readonly number[]): Platt {
  const known = logits.flatMap((logit, image) =>
    yTrue[image] === null || yTrue[image] === undefined ? [] : [{ logit, truth: yTrue[image] }],
  );
  const alone = (of: readonly (typeof known)[number][]): Platt => ({
    temperature:
      fitTemperature(
        of.map(({ truth }) => truth),
        of.map(({ logit }) => logit),
      ) ?? 1,
    bias: 0,
  });
  const both = (of: readonly (typeof known)[number][]): Platt =>
    fitPlatt(
      of.map(({ truth }) => truth),
      of.map(({ logit }) => logit),
    ) ?? alone(of);
  if (Math.min(...([0, 1] as const).map((side) => known.filter(({ truth }) => truth === side).length)) < minImages) return alone(known);
  const lossOf = ({ temperature, bias }: Platt, { logit, truth }: (typeof known)[number]): number =>
    softplus((truth === 1 ? -1 : 1) * (logit / temperature + bias));
  return surelySmaller(crossValidated(known, both, lossOf), crossValidated(known, alone, lossOf)) ? both(known) : alone(known);
}

/** The same for one of many: a bias for each class, where each has ten images. */
export function chooseSoftmaxScaling(yTrue: readonly number[], logits: readonly (readonly number[])[], classes: number): SoftmaxScaling {
  const known = logits.map((row, image) => ({ row, truth: yTrue[image]! }));
  const none = new Array<number>(classes).fill(0);
  const alone = (of: readonly (typeof known)[number][]): SoftmaxScaling => ({
    temperature:
      fitSoftmaxTemperature(
        of.map(({ truth }) => truth),
        of.map(({ row }) => row),
      ) ?? 1,
    biases: none,
  });
  const both = (of: readonly (typeof known)[number][]): SoftmaxScaling =>
    fitSoftmaxScaling(
      of.map(({ truth }) => truth),
      of.map(({ row }) => row),
    ) ?? alone(of);
  if (Math.min(...none.map((_, k) => yTrue.filter((truth) => truth === k).length)) < minImages) return alone(known);
  const lossOf = ({ temperature, biases }: SoftmaxScaling, { row, truth }: (typeof known)[number]): number => {
    const scores = row.map((logit, k) => logit / temperature + biases[k]!);
    const most = Math.max(...scores);
    return Math.log(scores.reduce((all, score) => all + Math.exp(score - most), 0)) + most - scores[truth]!;
  };
  return surelySmaller(crossValidated(known, both, lossOf), crossValidated(known, alone, lossOf)) ? both(known) : alone(known);
}

/** Log loss of each image by a scaling that was not fitted on it; folds in turn within each class, so that each has every class. */
function crossValidated<Image extends { readonly truth: number }, Scaling>(
  images: readonly Image[],
  fit: (images: readonly Image[]) => Scaling,
  lossOf: (scaling: Scaling, image: Image) => number,
): readonly number[] {
  const seen = new Map<number, number>();
  const foldOf = images.map(({ truth }) => {
    const count = seen.get(truth) ?? 0;
    seen.set(truth, count + 1);
    return count % folds;
  });
  const scalings = Array.from({ length: folds }, (_, fold) => fit(images.filter((_one, index) => foldOf[index] !== fold)));
  return images.map((image, index) => lossOf(scalings[foldOf[index]!]!, image));
}

/** By more than the standard error of the mean difference, image by image. */
function surelySmaller(losses: readonly number[], others: readonly number[]): boolean {
  const gains = losses.map((loss, image) => others[image]! - loss);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, gains.length - 1);
  return mean > Math.sqrt(variance / gains.length);
}

/** `log(1 + e^z)` without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
