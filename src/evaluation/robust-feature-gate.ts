import { fitFeatureGate, inverse, ledoitWolf } from './feature-gate.js';
import { mahalanobisDistance } from './gate.js';
import { quantile } from './metrics/patient-bootstrap.js';
import type { FeatureGateRule } from './rules.js';

/** With fewer images neither the covariance nor the limit means anything. */
export const minGuardImages = 100;

/** One embedding, and the patient or study that it is of. */
export interface GroupedEmbedding {
  readonly group: string;
  readonly embedding: Float32Array;
}

export interface RobustFeatureGate {
  readonly rule: FeatureGateRule;
  /** Images that the guard was fitted on, and from which its limit comes. */
  readonly fitted: number;
  /** Images that were unlike the others and took no part. */
  readonly outliers: number;
}

/** Every fourth group gives the limit and does not fit. */
const heldOutEvery = 4;
/** So many of the images nearest to the median begin the fit: up to a quarter may be something else. */
const startingShare = 0.75;
/** In standard deviations of the distances, estimated by their median absolute deviation. */
const maxDeviations = 3.5;
/** From the median absolute deviation to the standard deviation of a normal distribution. */
const madToDeviation = 1.4826;

/**
 * The feature gate from images that nobody has labelled, among which some are something else (a lateral view, another body part, an
 * implant that covers the lung). The images nearest to the median give a first covariance (Ledoit & Wolf), images far from it by
 * their robust distance are left out (one reweighting step as in Rousseeuw & Van Driessen 1999), and the rest is fitted as the
 * embeddings of training images are.
 *
 * @param embeddings all of one width
 * @throws RangeError of fewer than minGuardImages
 */
export function fitRobustFeatureGate(embeddings: readonly GroupedEmbedding[]): RobustFeatureGate {
  if (embeddings.length < minGuardImages)
    throw new RangeError(`expected at least ${minGuardImages} embeddings, found ${embeddings.length}`);
  const features = embeddings[0]!.embedding.length;
  const groups = [...new Set(embeddings.map(({ group }) => group))].sort();
  const heldOutGroups = new Set(groups.filter((_, index) => index % heldOutEvery === heldOutEvery - 1));
  const part = (heldOut: boolean): readonly Float32Array[] =>
    embeddings.filter(({ group }) => heldOutGroups.has(group) === heldOut).map(({ embedding }) => embedding);
  const [training, heldOut] = [part(false), part(true)];
  if (training.length < 2 || heldOut.length === 0) throw new RangeError(`expected embeddings of several groups, found ${groups.length}`);
  // Images that took part in a fit are nearer to it than others, far nearer where features outnumber images: each half is compared
  // with a fit of the other.
  const half = training.length >> 1;
  const [one, other] = [training.slice(0, half), training.slice(half)];
  const fitOfOther = robustFit(other, features);
  const alike = [...withoutOutliers(one, fitOfOther), ...withoutOutliers(other, robustFit(one, features))];
  const alikeHeldOut = withoutOutliers(heldOut, fitOfOther);
  return {
    rule: fitFeatureGate(joined(alike), joined(alikeHeldOut), features),
    fitted: alike.length + alikeHeldOut.length,
    outliers: embeddings.length - alike.length - alikeHeldOut.length,
  };
}

/** Mean and inverse covariance of the images nearest to the median. */
function robustFit(rows: readonly Float32Array[], features: number): Pick<FeatureGateRule, 'mean' | 'precision'> {
  const { mean, covariance } = ledoitWolf(joined(nearestToMedian(rows, features)), features);
  return { mean: Float32Array.from(mean), precision: Float32Array.from(inverse(covariance, features)) };
}

/** By the mean over features of the squared difference from the median, each in units of the feature's spread. */
function nearestToMedian(rows: readonly Float32Array[], features: number): readonly Float32Array[] {
  const centre = new Float64Array(features);
  const spread = new Float64Array(features);
  for (let feature = 0; feature < features; feature++) {
    const [median, deviation] = medianAndDeviation(rows.map((row) => row[feature]!));
    centre[feature] = median;
    spread[feature] = deviation;
  }
  const distanceOf = (row: Float32Array): number =>
    row.reduce((sum, value, feature) => (spread[feature]! > 0 ? sum + ((value - centre[feature]!) / spread[feature]!) ** 2 : sum), 0);
  const ranked = rows.map((row) => ({ row, distance: distanceOf(row) })).sort((one, other) => one.distance - other.distance);
  return ranked.slice(0, Math.max(2, Math.ceil(ranked.length * startingShare))).map(({ row }) => row);
}

function withoutOutliers(rows: readonly Float32Array[], fit: Pick<FeatureGateRule, 'mean' | 'precision'>): readonly Float32Array[] {
  const distances = rows.map((row) => mahalanobisDistance(row, fit));
  const [median, deviation] = medianAndDeviation(distances);
  const limit = median + maxDeviations * deviation;
  return rows.filter((_, index) => distances[index]! <= limit);
}

/** The second one 0 if more than half of the values are equal. */
function medianAndDeviation(values: readonly number[]): readonly [number, number] {
  const median = quantile(Float64Array.from(values).sort(), 0.5);
  const deviations = Float64Array.from(values, (value) => Math.abs(value - median)).sort();
  return [median, madToDeviation * quantile(deviations, 0.5)];
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]!.length;
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row, index * width));
  return all;
}
