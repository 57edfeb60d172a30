import { aurocScore, ascending, rocCurve } from '../metrics/auroc.js';
import { brierLoss, expectedCalibrationError, reliabilityTable } from '../metrics/calibration.js';
import { balancedAccuracyScore, confusionMatrix, majorityRate, type ConfusionMatrix } from '../metrics/confusion.js';
import { delongEstimate } from '../metrics/delong.js';
import { notDefined, type Estimate } from '../metrics/estimate.js';
import { patientBootstrap, type BootstrapOptions } from '../metrics/patient-bootstrap.js';
import { wilsonEstimate } from '../metrics/wilson.js';
import type { ClassView } from './decisions.js';
import type { ClassFigures } from './evaluation-report.js';

/** With fewer images of one side an AUROC is a matter of luck: it is not given. */
const minOfEachClass = 5;

/** All figures of one class, taken as present or absent. */
export function classFigures(view: ClassView, threshold: number, options: BootstrapOptions): ClassFigures {
  const { yTrue, yScore, called, patients } = view;
  const matrix = binaryMatrix(view);
  const reliability = reliabilityTable(yTrue, yScore);
  const decided = yTrue.length;
  return {
    n: decided,
    positives: yTrue.filter((truth) => truth === 1).length,
    patients: new Set(patients).size,
    threshold,
    accuracy: wilsonEstimate(matrix[0]![0]! + matrix[1]![1]!, decided, options.confidence),
    majorityRate: majorityRate(matrix),
    balancedAccuracy: balancedAccuracyScore(matrix),
    auroc: aurocEstimate(view, options),
    aurocDelong: undefinedAuroc(view) ?? delongEstimate(yTrue, yScore, options.confidence),
    ...operatingPoint(view, options),
    positivePredictiveValue: shareEstimate(
      patients,
      (image) => called[image]!,
      (image) => yTrue[image] === 1,
      'nothing was called present',
      options,
    ),
    ece: expectedCalibrationError(reliability),
    brier: brierLoss(yTrue, yScore),
    confusion: matrix,
    reliability,
    roc: undefinedAuroc(view)
      ? []
      : rocCurve(yTrue, yScore).map(({ falsePositiveRate, truePositiveRate }) => [falsePositiveRate, truePositiveRate] as const),
  };
}

/** `[[true negatives, false positives], [false negatives, true positives]]`. */
export function binaryMatrix({ yTrue, called }: ClassView): ConfusionMatrix {
  return confusionMatrix(yTrue, called.map(Number), 2);
}

export function aurocEstimate(view: ClassView, options: BootstrapOptions): Estimate {
  const few = undefinedAuroc(view);
  if (few) return few;
  const order = ascending(view.yScore);
  return patientBootstrap(view.patients, (weights) => aurocScore(view.yTrue, view.yScore, weights, order), options);
}

export function operatingPoint(
  { yTrue, called, patients }: ClassView,
  options: BootstrapOptions,
): { readonly sensitivity: Estimate; readonly specificity: Estimate } {
  return {
    sensitivity: shareEstimate(
      patients,
      (image) => yTrue[image] === 1,
      (image) => called[image]!,
      'no positive image',
      options,
    ),
    specificity: shareEstimate(
      patients,
      (image) => yTrue[image] === 0,
      (image) => !called[image]!,
      'no negative image',
      options,
    ),
  };
}

/**
 * A share with a bootstrap interval over patients; at 0 and 1, where every resample gives the same, Wilson's interval over
 * patients: twenty of twenty is not certainty.
 */
function shareEstimate(
  patients: readonly string[],
  counts: (image: number) => boolean,
  hit: (image: number) => boolean,
  why: string,
  options: BootstrapOptions,
): Estimate {
  const relevant = patients.flatMap((_, image) => (counts(image) ? [image] : []));
  if (relevant.length === 0) return notDefined(why);
  const hits = Float64Array.from(relevant, (image) => (hit(image) ? 1 : 0));
  const share = (weights: ArrayLike<number>): number | null => {
    let all = 0;
    let right = 0;
    relevant.forEach((image, place) => {
      all += weights[image]!;
      right += weights[image]! * hits[place]!;
    });
    return all === 0 ? null : right / all;
  };
  const value = share(new Int32Array(patients.length).fill(1))!;
  if (value === 0 || value === 1) {
    const concerned = new Set(relevant.map((image) => patients[image]!)).size;
    return { value, interval: wilsonEstimate(value * concerned, concerned, options.confidence).interval };
  }
  return patientBootstrap(patients, share, options);
}

function undefinedAuroc({ yTrue }: ClassView): Estimate | undefined {
  const positives = yTrue.filter((truth) => truth === 1).length;
  const negatives = yTrue.length - positives;
  if (positives === 0 || negatives === 0) return notDefined(yTrue.length === 0 ? 'no image with a label' : 'one class only');
  if (Math.min(positives, negatives) < minOfEachClass) return notDefined(`fewer than ${minOfEachClass} images of one class`);
  return undefined;
}
