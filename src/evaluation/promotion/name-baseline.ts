import { aurocScore } from '../metrics/auroc.js';
import type { Truth } from '../metrics/estimate.js';

/**
 * AUROC of a name alone, for example the view: each image scores the share of positives among *other patients'* images of the
 * same name. What a model must beat before anybody may say that it looks at lungs.
 *
 * @returns null where there is one name, or one class
 */
export function nameBaseline(names: readonly string[], patients: readonly string[], yTrue: readonly Truth[]): number | null {
  const labelled = yTrue.flatMap((truth, image) => (truth === null ? [] : [{ truth, name: names[image]!, patient: patients[image]! }]));
  if (new Set(labelled.map(({ name }) => name)).size < 2) return null;
  const sums = new Map<string, { count: number; positives: number }>();
  const add = (key: string, truth: 0 | 1): void => {
    const sum = sums.get(key) ?? { count: 0, positives: 0 };
    sums.set(key, { count: sum.count + 1, positives: sum.positives + truth });
  };
  const own = (name: string, patient: string): string => JSON.stringify([name, patient]);
  for (const { truth, name, patient } of labelled) {
    add(JSON.stringify([name]), truth);
    add(own(name, patient), truth);
  }
  const prevalence = labelled.reduce((sum, { truth }) => sum + truth, 0) / labelled.length;
  const scores = labelled.map(({ name, patient }) => {
    const all = sums.get(JSON.stringify([name]))!;
    const mine = sums.get(own(name, patient))!;
    const others = all.count - mine.count;
    return others === 0 ? prevalence : (all.positives - mine.positives) / others;
  });
  return aurocScore(
    labelled.map(({ truth }) => truth),
    scores,
  );
}
