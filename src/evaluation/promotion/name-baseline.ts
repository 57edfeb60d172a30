import { aurocScore } from '../metrics/auroc.js';
import type { Truth } from '../metrics/estimate.js';
import type { Weights } from '../metrics/patient-bootstrap.js';

/**
 * AUROC of a property alone, for example of the view position: each image scores the share of positives among the images of *other
 * patients* with the same property. A network must exceed it before its AUROC is evidence of reading the lungs.
 *
 * @param names the property of each image, for example `PA` or `AP`
 * @param patients of each image
 * @param yTrue of each image; null is left out
 * @returns AUROC for images with these weights (all 1 if not given); null where all images have one property, or one truth
 */
export function nameBaseline(
  names: readonly string[],
  patients: readonly string[],
  yTrue: readonly Truth[],
): (weights?: Weights) => number | null {
  const labelled = yTrue.flatMap((truth, image) => (truth === null ? [] : [image]));
  const truths = labelled.map((image) => yTrue[image] as 0 | 1);
  const nameOf = indices(labelled.map((image) => names[image]!));
  const ownOf = indices(labelled.map((image) => JSON.stringify([names[image], patients[image]])));
  const nameCount = new Set(nameOf).size;
  const ownCount = new Set(ownOf).size;
  return (weights) => {
    if (nameCount < 2) return null;
    const weightOf = Int32Array.from(labelled, (image) => (weights ? weights[image]! : 1));
    const all = sums(nameOf, nameCount, truths, weightOf);
    const own = sums(ownOf, ownCount, truths, weightOf);
    const total = weightOf.reduce((sum, weight) => sum + weight, 0);
    const prevalence = total === 0 ? 0 : all.positives.reduce((sum, one) => sum + one, 0) / total;
    const scores = truths.map((_, index) => {
      const [name, mine] = [nameOf[index]!, ownOf[index]!];
      const others = all.images[name]! - own.images[mine]!;
      return others === 0 ? prevalence : (all.positives[name]! - own.positives[mine]!) / others;
    });
    return aurocScore(truths, scores, weightOf);
  };
}

/** The index of each value among the different ones. */
function indices(values: readonly string[]): Int32Array {
  const seen = new Map<string, number>();
  return Int32Array.from(values, (value) => seen.get(value) ?? (seen.set(value, seen.size), seen.size - 1));
}

function sums(
  groupOf: Int32Array,
  groups: number,
  truths: readonly (0 | 1)[],
  weightOf: Int32Array,
): { readonly images: Float64Array; readonly positives: Float64Array } {
  const [images, positives] = [new Float64Array(groups), new Float64Array(groups)];
  groupOf.forEach((group, index) => {
    images[group]! += weightOf[index]!;
    positives[group]! += weightOf[index]! * truths[index]!;
  });
  return { images, positives };
}
