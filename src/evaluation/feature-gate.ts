import { mahalanobisDistance } from './gate.js';
import { quantile } from './metrics/patient-bootstrap.js';
import type { FeatureGateRule } from './rules.js';

/** This share of images of the kind that the network was made for passes. */
const passingShare = 0.995;

/**
 * The feature gate of a trained network: mean and inverse covariance of the training images' embeddings, the covariance
 * shrunk towards a multiple of the identity (Ledoit & Wolf 2004; scikit-learn's `LedoitWolf`), and as limit the 99.5 %
 * quantile of the distance of images that did not train it.
 *
 * @param training `n * features`
 * @param heldOut `m * features`, of other patients
 * @throws RangeError of less than two training images or no held-out image
 */
export function fitFeatureGate(training: Float32Array, heldOut: Float32Array, features: number): FeatureGateRule {
  if (training.length < 2 * features || heldOut.length < features)
    throw new RangeError(
      `expected at least two training embeddings and one held-out, found ${training.length / features} and ${heldOut.length / features}`,
    );
  const { mean, covariance } = ledoitWolf(training, features);
  const precision = inverse(covariance, features);
  const rule = { mean: Float32Array.from(mean), precision: Float32Array.from(precision) };
  const distances = Float64Array.from({ length: heldOut.length / features }, (_, image) =>
    mahalanobisDistance(heldOut.subarray(image * features, (image + 1) * features), rule),
  ).sort();
  return { ...rule, maxDistance: Math.max(quantile(distances, passingShare), Number.EPSILON) };
}

/** Embeddings with the hospital or data set of each. */
export interface SourcedEmbeddings {
  /** `n * features`. */
  readonly values: Float32Array;
  /** One an embedding. */
  readonly sources: readonly string[];
}

/** This share of the images of the worst left-out source is refused. */
const refusedOfUnseen = 0.03;
/** A source with fewer images says nothing about the distance of others. */
const minOfSource = 20;
/** Embeddings of the other sources that a left-out source is compared with: enough for a covariance, and a fraction of the time. */
const maxOfOthers = 2_000;

/**
 * The feature gate for hospitals that the network never saw: mean and covariance as fitFeatureGate, and as limit the distance that keeps
 * 97 % of each source when mean and covariance come from all other sources, if that is more. A limit from held-out patients of the same
 * sources alone refuses whole hospitals, because the distance of their images has more to do with the scanner than with the chest.
 *
 * @param training several sources; of one source it is fitFeatureGate
 * @throws RangeError as fitFeatureGate
 */
export function fitFeatureGateOfSources(training: SourcedEmbeddings, heldOut: Float32Array, features: number): FeatureGateRule {
  const rule = fitFeatureGate(training.values, heldOut, features);
  const limits = distancesOfLeftOut(training, features).map(({ distances }) => quantile(distances, 1 - refusedOfUnseen));
  return { ...rule, maxDistance: Math.max(rule.maxDistance, ...limits) };
}

/** Of each source with enough images: how far its images lie from all others, ascending. */
export function distancesOfLeftOut(
  { values, sources }: SourcedEmbeddings,
  features: number,
): readonly { readonly source: string; readonly distances: Float64Array }[] {
  const places = new Map<string, number[]>();
  sources.forEach((source, place) => {
    const own = places.get(source);
    if (own) own.push(place);
    else places.set(source, [place]);
  });
  const rowsOf = (chosen: readonly number[]): Float32Array => {
    const rows = new Float32Array(chosen.length * features);
    chosen.forEach((place, row) => rows.set(values.subarray(place * features, (place + 1) * features), row * features));
    return rows;
  };
  return [...places]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([source, own]) => {
      const others = sources.flatMap((other, place) => (other === source ? [] : [place]));
      if (own.length < minOfSource || others.length < minOfSource) return [];
      const step = Math.max(1, others.length / maxOfOthers);
      const few = rowsOf(Array.from({ length: Math.floor(others.length / step) }, (_, index) => others[Math.floor(index * step)]!));
      const { mean, covariance } = ledoitWolf(few, features);
      const rule = { mean: Float32Array.from(mean), precision: Float32Array.from(inverse(covariance, features)) };
      const rows = rowsOf(own);
      const distances = Float64Array.from(own, (_, row) =>
        mahalanobisDistance(rows.subarray(row * features, (row + 1) * features), rule),
      ).sort();
      return [{ source, distances }];
    });
}

export interface ShrunkCovariance {
  readonly mean: Float64Array;
  /** `features * features`, symmetric, positive definite unless all embeddings are alike. */
  readonly covariance: Float64Array;
  /** 0: the sample covariance as it is; 1: nothing of it. */
  readonly shrinkage: number;
}

/** Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices", as scikit-learn has it. */
export function ledoitWolf(values: ArrayLike<number>, features: number): ShrunkCovariance {
  const count = values.length / features;
  const mean = new Float64Array(features);
  for (let index = 0; index < values.length; index++) mean[index % features]! += values[index]! / count;
  const covariance = new Float64Array(features * features);
  const row = new Float64Array(features);
  let fourth = 0;
  for (let image = 0; image < count; image++) {
    for (let feature = 0; feature < features; feature++) row[feature] = values[image * features + feature]! - mean[feature]!;
    let squares = 0;
    for (let i = 0; i < features; i++) {
      const value = row[i]!;
      squares += value * value;
      for (let j = 0; j <= i; j++) covariance[i * features + j]! += value * row[j]!;
    }
    fourth += squares * squares;
  }
  let norm = 0;
  let trace = 0;
  for (let i = 0; i < features; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (covariance[i * features + j]! /= count);
      covariance[j * features + i] = value;
      norm += i === j ? value * value : 2 * value * value;
    }
    trace += covariance[i * features + i]!;
  }
  const mu = trace / features;
  const distance = norm - features * mu * mu;
  const scatter = (fourth / count - norm) / count;
  const shrinkage = distance > 0 ? Math.max(0, Math.min(scatter, distance) / distance) : 0;
  for (let index = 0; index < covariance.length; index++)
    covariance[index] = (1 - shrinkage) * covariance[index]! + (index % (features + 1) === 0 ? shrinkage * mu : 0);
  return { mean, covariance, shrinkage };
}

/** Of a symmetric positive definite matrix, by Cholesky. @throws RangeError of one that is not */
export function inverse(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i === j && !(sum > 0)) throw new RangeError(`expected embeddings that vary, found none in direction ${i}`);
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  // L⁻¹, then (L⁻¹)ᵀ L⁻¹
  const half = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    for (let i = column; i < size; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= lower[i * size + k]! * half[k * size + column]!;
      half[i * size + column] = sum / lower[i * size + i]!;
    }
  }
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < size; k++) sum += half[k * size + i]! * half[k * size + j]!;
      result[i * size + j] = sum;
      result[j * size + i] = sum;
    }
  }
  return result;
}
