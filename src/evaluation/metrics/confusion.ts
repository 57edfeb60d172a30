/** `matrix[actual][predicted]`: number of images of a class by predicted class (scikit-learn's `confusion_matrix`). */
export type ConfusionMatrix = readonly (readonly number[])[];

/** @param yTrue,yPred indices of classes, from 0 */
export function confusionMatrix(yTrue: readonly number[], yPred: readonly number[], classes: number): ConfusionMatrix {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  yTrue.forEach((actual, image) => {
    matrix[actual]![yPred[image]!]!++;
  });
  return matrix;
}

/** Share of correct predictions (scikit-learn's `accuracy_score`), 0 to 1; null of no image. */
export function accuracyScore(matrix: ConfusionMatrix): number | null {
  const total = sum(matrix.map(sum));
  return total === 0 ? null : sum(matrix.map((row, actual) => row[actual]!)) / total;
}

/** Accuracy of a classifier that always predicts the most frequent class, the baseline for accuracy; null of no image. */
export function majorityRate(matrix: ConfusionMatrix): number | null {
  const sizes = matrix.map(sum);
  const total = sum(sizes);
  return total === 0 ? null : Math.max(...sizes) / total;
}

/**
 * Mean recall over the classes that occur (scikit-learn's `balanced_accuracy_score`).
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
