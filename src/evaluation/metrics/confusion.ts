/** `matrix[actual][predicted]`: how many images of a class were called which (scikit-learn's `confusion_matrix`). */
export type ConfusionMatrix = readonly (readonly number[])[];

/** @param yTrue,yPred places of classes, from 0 */
export function confusionMatrix(yTrue: readonly number[], yPred: readonly number[], classes: number): ConfusionMatrix {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  yTrue.forEach((actual, image) => {
    matrix[actual]![yPred[image]!]!++;
  });
  return matrix;
}

/** The share of images called rightly; null of none. */
export function accuracyScore(matrix: ConfusionMatrix): number | null {
  const total = sum(matrix.map(sum));
  return total === 0 ? null : sum(matrix.map((row, actual) => row[actual]!)) / total;
}

/** What always answering the commonest class would score: accuracy says nothing without it. */
export function majorityRate(matrix: ConfusionMatrix): number | null {
  const sizes = matrix.map(sum);
  const total = sum(sizes);
  return total === 0 ? null : Math.max(...sizes) / total;
}

/**
 * Mean over classes of the share called rightly, of the classes that occur (scikit-learn's `balanced_accuracy_score`).
 *
 * @returns null where only one class occurs: the mean of one recall is not balanced
 */
export function balancedAccuracyScore(matrix: ConfusionMatrix): number | null {
  const recalls = matrix.flatMap((row, actual) => (sum(row) > 0 ? [row[actual]! / sum(row)] : []));
  return recalls.length < 2 ? null : sum(recalls) / recalls.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
