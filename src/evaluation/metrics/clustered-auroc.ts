import { components } from './delong.js';
import { notDefined, type Estimate } from './estimate.js';
import { normalQuantile } from './normal.js';

/**
 * An AUROC with a normal interval for patients with several examinations (Obuchowski 1997, Biometrics 53:567), cut to [0, 1]. With one
 * examination a patient it is DeLong's interval. No resampling: the same data give the same interval at once.
 *
 * @param patients of each examination, any unique name
 * @param confidence 0.95 for a 95 % interval
 */
export function clusteredAuroc(
  yTrue: readonly (0 | 1)[],
  yScore: readonly number[],
  patients: readonly string[],
  confidence = 0.95,
): Estimate {
  const parts = components(yTrue, yScore);
  if (!parts) return notDefined('one class only');
  const { auroc, ofPositives, ofNegatives } = parts;
  const clusters = new Map<string, { positive: number; negative: number; positives: number; negatives: number }>();
  let [positives, negatives] = [0, 0];
  yTrue.forEach((truth, place) => {
    const sums = clusters.get(patients[place]!) ?? { positive: 0, negative: 0, positives: 0, negatives: 0 };
    clusters.set(patients[place]!, sums);
    if (truth === 1) {
      sums.positive += ofPositives[positives++]! - auroc;
      sums.positives++;
    } else {
      sums.negative += ofNegatives[negatives++]! - auroc;
      sums.negatives++;
    }
  });
  const all = [...clusters.values()];
  const withPositives = all.filter((one) => one.positives > 0).length;
  const withNegatives = all.filter((one) => one.negatives > 0).length;
  if (withPositives < 2 || withNegatives < 2) return { value: auroc, interval: null, why: 'one patient of a class has no variance' };
  const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
  const bessel = (n: number): number => n / (n - 1);
  const variance =
    (bessel(withPositives) * sum(({ positive }) => positive ** 2)) / positives ** 2 +
    (bessel(withNegatives) * sum(({ negative }) => negative ** 2)) / negatives ** 2 +
    (2 * bessel(all.length) * sum(({ positive, negative }) => positive * negative)) / (positives * negatives);
  // No error bar of length 0: the scores separate the classes completely, which few examinations may do by chance.
  if (!(variance > 1e-15)) return { value: auroc, interval: null, why: 'the scores do not vary within the classes' };
  const half = normalQuantile(1 - (1 - confidence) / 2) * Math.sqrt(variance);
  return { value: auroc, interval: [Math.max(0, auroc - half), Math.min(1, auroc + half)] };
}
