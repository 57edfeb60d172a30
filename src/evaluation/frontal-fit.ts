import { quantile } from './metrics/patient-bootstrap.js';
import { fitLogisticRegression } from './promotion/logistic-regression.js';

/** A picture that is a frontal chest radiograph or none, by what is measured of it (pixels/xray/frontal-features.ts). */
export interface FrontalExample {
  readonly features: readonly number[];
  readonly chest: boolean;
  /** The hospital or data set; of pictures that are no chest what they are: laterals, slices, turned … Each counts the same. */
  readonly source: string;
  /** Sources that may decide on the threshold: those of adults. */
  readonly decides: boolean;
}

/** `σ(Σ weights · features + bias)` is the probability of a frontal chest; it is accepted from `acceptFrom` on. */
export interface LinearRule {
  readonly weights: readonly number[];
  readonly bias: number;
  readonly acceptFrom: number;
}

/** This share of the chests of the worst source is refused. */
export const frontalRefusal = 0.012;

/** On the squares of the weights of standardised features: nearly three hundred of them, and few pictures that are no chest. */
const penalty = 20;

/**
 * Logistic regression in which each source counts the same, and chests as much as everything else. The threshold refuses `refusal` of
 * the chests of the worst deciding source, so that a hospital unlike the others is not refused as a whole.
 *
 * @throws RangeError without chests or without pictures that are none
 */
export function fitFrontalRule(examples: readonly FrontalExample[], refusal = frontalRefusal): LinearRule {
  const count = (chest: boolean): number => examples.filter((one) => one.chest === chest).length;
  if (count(true) === 0 || count(false) === 0)
    throw new RangeError(`expected chests and other pictures, found ${count(true)} and ${count(false)}`);
  const width = examples[0]!.features.length;
  const column = (feature: number): readonly number[] => examples.map(({ features }) => features[feature]!);
  const mean = Array.from({ length: width }, (_, feature) => column(feature).reduce((sum, value) => sum + value, 0) / examples.length);
  const deviation = mean.map(
    (centre, feature) => Math.sqrt(column(feature).reduce((sum, value) => sum + (value - centre) ** 2, 0) / examples.length) || 1,
  );
  const rows = examples.map(({ features }) => features.map((value, feature) => (value - mean[feature]!) / deviation[feature]!));
  const keyOf = ({ chest, source }: FrontalExample): string => `${chest ? 'chest' : 'other'} ${source}`;
  const sizes = new Map<string, number>();
  for (const one of examples) sizes.set(keyOf(one), (sizes.get(keyOf(one)) ?? 0) + 1);
  const groups = (chest: boolean): number => [...sizes.keys()].filter((key) => key.startsWith(chest ? 'chest ' : 'other ')).length;
  const weights = examples.map((one) => examples.length / (2 * groups(one.chest) * sizes.get(keyOf(one))!));
  const fitted = fitLogisticRegression(
    rows,
    examples.map(({ chest }) => Number(chest)),
    2,
    penalty,
    weights,
  );
  const rounded = (value: number): number => Number(value.toFixed(4));
  const slopes = mean.map((_, feature) => (fitted.weights[width + feature]! - fitted.weights[feature]!) / deviation[feature]!);
  const rule = {
    weights: slopes.map(rounded),
    bias: rounded(fitted.bias[1]! - fitted.bias[0]! - slopes.reduce((sum, slope, feature) => sum + slope * mean[feature]!, 0)),
  };
  const deciding = [...new Set(examples.filter(({ chest, decides }) => chest && decides).map(({ source }) => source))];
  const limits = deciding.map((source) =>
    quantile(
      Float64Array.from(
        examples.filter((one) => one.chest && one.source === source),
        ({ features }) => linearProbability(features, rule),
      ).sort(),
      refusal,
    ),
  );
  return { ...rule, acceptFrom: Number(Math.min(...limits).toFixed(4)) };
}

export function linearProbability(features: readonly number[], { weights, bias }: Omit<LinearRule, 'acceptFrom'>): number {
  const logit = features.reduce((sum, value, i) => sum + weights[i]! * value, bias);
  return 1 / (1 + Math.exp(-logit));
}
