import { aurocScore } from '../metrics/auroc.js';
import { balancedAccuracyScore, confusionMatrix } from '../metrics/confusion.js';
import { mulberry32, shuffled } from '../../lib/seeded-random.js';
import { fitLogisticRegression } from './logistic-regression.js';

/** How well a name (a source, a view) can be read off numbers, on patients that were not fitted. */
export interface Readability {
  readonly names: readonly string[];
  readonly n: number;
  /** Mean of each name's AUROC against the rest; 0.5 is a guess. */
  readonly auroc: number;
  readonly balancedAccuracy: number;
}

const folds = 5;
/** A name of fewer patients cannot be in every fold. */
const minPatients = 10;
/** More images are drawn at random: it is a question of yes or no, not of digits. */
const maxImages = 2000;

/**
 * Whether a network's embedding tells where an image is from: logistic regression on standardised embeddings, cross-validated
 * by patient in five folds. On pooled public data it nearly always does (Ben Ahmed 2021, arXiv 2102.04300).
 *
 * @returns null unless at least two names have ten patients each
 */
export function readability(
  embeddings: readonly ArrayLike<number>[],
  names: readonly string[],
  patients: readonly string[],
  seed = 0,
): Readability | null {
  const uniform = mulberry32(seed);
  const patientsOf = (name: string): number => new Set(patients.filter((_, image) => names[image] === name)).size;
  const known = [...new Set(names)].filter((name) => name !== '' && patientsOf(name) >= minPatients).sort();
  if (known.length < 2) return null;
  const all = names.flatMap((name, image) => (known.includes(name) ? [image] : []));
  const images = shuffled(all, uniform).slice(0, maxImages);
  const foldOf = new Map(
    shuffled([...new Set(images.map((image) => patients[image]!))], uniform).map((patient, place) => [patient, place % folds]),
  );
  const yTrue = images.map((image) => known.indexOf(names[image]!));
  const predicted: (readonly number[])[] = new Array<readonly number[]>(images.length).fill([]);
  for (let fold = 0; fold < folds; fold++) {
    const inFold = (place: number): boolean => foldOf.get(patients[images[place]!]!) === fold;
    const train = images.flatMap((_, place) => (inFold(place) ? [] : [place]));
    if (train.length === 0) return null;
    const scale = standardiser(train.map((place) => embeddings[images[place]!]!));
    const model = fitLogisticRegression(
      train.map((place) => scale(embeddings[images[place]!]!)),
      train.map((place) => yTrue[place]!),
      known.length,
      1,
    );
    images.forEach((image, place) => {
      if (inFold(place)) predicted[place] = model.probabilities(scale(embeddings[image]!));
    });
  }
  const aurocs = known
    .map((_, k) =>
      aurocScore(
        yTrue.map((truth) => (truth === k ? 1 : 0)),
        predicted.map((row) => row[k]!),
      ),
    )
    .filter((one) => one !== null);
  const called = predicted.map((row) => row.indexOf(Math.max(...row)));
  const balanced = balancedAccuracyScore(confusionMatrix(yTrue, called, known.length));
  if (aurocs.length < known.length || balanced === null) return null;
  return { names: known, n: images.length, auroc: aurocs.reduce((sum, one) => sum + one, 0) / aurocs.length, balancedAccuracy: balanced };
}

function standardiser(rows: readonly ArrayLike<number>[]): (row: ArrayLike<number>) => Float64Array {
  const features = rows[0]!.length;
  const mean = new Float64Array(features);
  const square = new Float64Array(features);
  for (const row of rows) for (let i = 0; i < features; i++) mean[i]! += row[i]! / rows.length;
  for (const row of rows) for (let i = 0; i < features; i++) square[i]! += (row[i]! - mean[i]!) ** 2 / rows.length;
  return (row) => Float64Array.from(mean, (centre, i) => (row[i]! - centre) / (Math.sqrt(square[i]!) || 1));
}
