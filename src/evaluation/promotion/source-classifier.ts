import { ascending, aurocScore } from '../metrics/auroc.js';
import { balancedAccuracyScore, confusionMatrix } from '../metrics/confusion.js';
import type { Weights } from '../metrics/patient-bootstrap.js';
import { mulberry32, shuffled } from '../../lib/seeded-random.js';
import { fitLogisticRegression } from './logistic-regression.js';

/** How well the source of an image can be told from its features, on patients that were not fitted. */
export interface SourceReadability {
  /** Sources with enough patients. */
  readonly names: readonly string[];
  /** Images examined. */
  readonly n: number;
  /** Mean over sources of the AUROC against the others, 0 to 1; 0.5 is chance. */
  readonly auroc: number;
  /** Mean over sources of the share told rightly, 0 to 1. */
  readonly balancedAccuracy: number;
  /** The patient of each image examined, for resampling. */
  readonly patients: readonly string[];
  /** Mean AUROC for images with these weights; null where a source is missing. */
  readonly aurocOf: (weights: Weights) => number | null;
}

const folds = 5;
/** A source with fewer patients cannot be in every fold. */
const minPatients = 10;
/** Of more images this number is drawn at random: the time grows with them, the precision of the answer hardly does. */
const maxImages = 2000;

/**
 * Whether a network's embedding tells which source an image is from: logistic regression on standardised embeddings, cross-validated
 * by patient in five folds. On pooled public data it nearly always does (Ben Ahmed 2021, arXiv 2102.04300).
 *
 * @param embeddings one row for each image
 * @param sources of each image; empty if not known, which is left out
 * @param patients of each image
 * @returns null unless at least two sources have ten patients each
 */
export function sourceReadability(
  embeddings: readonly ArrayLike<number>[],
  sources: readonly string[],
  patients: readonly string[],
  seed = 0,
): SourceReadability | null {
  const uniform = mulberry32(seed);
  const patientsOf = (name: string): number => new Set(patients.filter((_, image) => sources[image] === name)).size;
  const known = [...new Set(sources)].filter((name) => name !== '' && patientsOf(name) >= minPatients).sort();
  if (known.length < 2) return null;
  const all = sources.flatMap((name, image) => (known.includes(name) ? [image] : []));
  const images = shuffled(all, uniform).slice(0, maxImages);
  const foldOf = new Map(
    shuffled([...new Set(images.map((image) => patients[image]!))], uniform).map((patient, place) => [patient, place % folds]),
  );
  const yTrue = images.map((image) => known.indexOf(sources[image]!));
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
  const columns = known.map((_, k) => {
    const yScore = predicted.map((row) => row[k]!);
    return { yTrue: yTrue.map((truth): 0 | 1 => (truth === k ? 1 : 0)), yScore, order: ascending(yScore) };
  });
  const aurocOf = (weights?: Weights): number | null => {
    const aurocs = columns.flatMap((column) => aurocScore(column.yTrue, column.yScore, weights, column.order) ?? []);
    return aurocs.length < known.length ? null : aurocs.reduce((sum, one) => sum + one, 0) / aurocs.length;
  };
  const auroc = aurocOf();
  const called = predicted.map((row) => row.indexOf(Math.max(...row)));
  const balancedAccuracy = balancedAccuracyScore(confusionMatrix(yTrue, called, known.length));
  if (auroc === null || balancedAccuracy === null) return null;
  return { names: known, n: images.length, auroc, balancedAccuracy, patients: images.map((image) => patients[image]!), aurocOf };
}

function standardiser(rows: readonly ArrayLike<number>[]): (row: ArrayLike<number>) => Float64Array {
  const features = rows[0]!.length;
  const mean = new Float64Array(features);
  const square = new Float64Array(features);
  for (const row of rows) for (let i = 0; i < features; i++) mean[i]! += row[i]! / rows.length;
  for (const row of rows) for (let i = 0; i < features; i++) square[i]! += (row[i]! - mean[i]!) ** 2 / rows.length;
  return (row) => Float64Array.from(mean, (centre, i) => (row[i]! - centre) / (Math.sqrt(square[i]!) || 1));
}
