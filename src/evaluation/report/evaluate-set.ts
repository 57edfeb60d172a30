import { brierLoss, expectedCalibrationError, reliabilityTable, type ReliabilityBin } from '../metrics/calibration.js';
import { accuracyScore, balancedAccuracyScore, confusionMatrix, majorityRate, type ConfusionMatrix } from '../metrics/confusion.js';
import type { Estimate } from '../metrics/estimate.js';
import { labelOrigins } from '../../lib/label-origin.js';
import { patientShare } from '../metrics/patient-share.js';
import { imageLoss } from '../metrics/losses.js';
import { defaultResamples, type BootstrapOptions } from '../metrics/patient-bootstrap.js';
import { wilsonEstimate } from '../metrics/wilson.js';
import { aurocEstimate, binaryMatrix, classFigures, operatingPoint } from './class-figures.js';
import { calledPresent, classView, maxProbable, pooledView } from './decisions.js';
import type { EvaluationReport, GroupFigures, TopLoss } from './evaluation-report.js';
import type { ScoredImage, ScoredSet } from './scored-set.js';
import { warningsOf } from './warnings.js';

export interface EvaluateOptions extends BootstrapOptions {
  readonly model?: EvaluationReport['model'];
  readonly dataset?: EvaluationReport['dataset'];
  /** How many images with the highest loss are listed; 12 if not given. */
  readonly topLosses?: number;
}

/** All figures of a scored set. @throws RangeError of a set without images, or of rows that do not fit its classes */
export function evaluateSet(set: ScoredSet, options: EvaluateOptions = {}): EvaluationReport {
  checkSet(set);
  const { seed = 0, resamples = defaultResamples, confidence = 0.95 } = options;
  const bootstrap = { seed, resamples, confidence };
  const perClass = Object.fromEntries(
    set.classes.map((name, index) => [name, classFigures(classView(set, index), set.thresholds[index]!, bootstrap)]),
  );
  const overall = overallFigures(set, confidence);
  const refused = set.images.filter(({ refusal }) => refusal !== undefined).length;
  const bySource = groupsOf(set, ({ source }) => source, bootstrap);
  const byView = groupsOf(set, ({ view }) => view, bootstrap);
  const devices = set.images.filter((image) => image.devices !== undefined);
  const origins = byOriginOf(set, bootstrap);
  return {
    notice: 'Not for diagnosis.',
    model: options.model ?? null,
    dataset: options.dataset ?? { name: '', split: null },
    objective: set.objective,
    n: set.images.length,
    patients: new Set(set.images.map(({ patient }) => patient)).size,
    classes: set.classes,
    ...overall.shares,
    auroc: Object.fromEntries(set.classes.map((name) => [name, perClass[name]!.auroc])),
    ece: expectedCalibrationError(overall.reliability),
    brier: overall.brier,
    confusion: overall.confusion,
    reliability: overall.reliability,
    perClass,
    bySource,
    byView,
    ...(devices.length === 0
      ? {}
      : { byDevices: groupsOf({ ...set, images: devices }, (image) => (image.devices ? 'with devices' : 'without devices'), bootstrap) }),
    ...(origins.length === 0 ? {} : { byOrigin: origins }),
    topLosses: topLossesOf(set, options.topLosses ?? 12),
    refused: { n: refused, share: refused / set.images.length },
    settings: {
      confidence,
      resamples,
      seed,
      intervals: 'accuracy: Wilson, images; AUROC, sensitivity, specificity: percentile bootstrap over patients',
    },
    warnings: warningsOf(set, perClass, bySource, byView),
  };
}

interface Shares {
  readonly accuracy: number | null;
  readonly accuracyInterval: Estimate['interval'];
  readonly majorityRate: number | null;
  readonly balancedAccuracy: number | null;
}

interface Overall {
  readonly shares: Shares;
  readonly confusion: EvaluationReport['confusion'];
  readonly reliability: readonly ReliabilityBin[];
  readonly brier: number | null;
}

function overallFigures(set: ScoredSet, confidence: number): Overall {
  return set.objective === 'one-of-many' ? overallOfOne(set, confidence) : overallOfSeveral(set, confidence);
}

function overallOfOne(set: ScoredSet, confidence: number): Overall {
  const matrix = classMatrix(set);
  const right = set.images.map((image) => (image.yTrue[maxProbable(image.yScore)] === 1 ? 1 : 0));
  const total = set.images.reduce(
    (sum, { yTrue, yScore }) => sum + yScore.reduce((squares, score, index) => squares + (score - yTrue[index]!) ** 2, 0),
    0,
  );
  return {
    shares: { ...sharesOf(matrix, confidence), balancedAccuracy: balancedAccuracyScore(matrix) },
    confusion: matrix,
    reliability: reliabilityTable(
      right,
      set.images.map(({ yScore }) => Math.max(...yScore)),
    ),
    brier: set.images.length === 0 ? null : total / set.images.length,
  };
}

/** Findings are counted together for accuracy; balanced accuracy is the mean of theirs, so that a rare one counts as much. */
function overallOfSeveral(set: ScoredSet, confidence: number): Overall {
  const matrices = set.classes.map((_, index) => binaryMatrix(classView(set, index)));
  const counted = matrices.reduce((sum, matrix) => sum + matrix.flat().reduce((one, other) => one + other, 0), 0);
  const right = matrices.reduce((sum, matrix) => sum + matrix[0]![0]! + matrix[1]![1]!, 0);
  const commonest = matrices.reduce((sum, [absent, present]) => sum + Math.max(absent![0]! + absent![1]!, present![0]! + present![1]!), 0);
  const balanced = matrices.map(balancedAccuracyScore).filter((one) => one !== null);
  const { value, interval } = wilsonEstimate(right, counted, confidence);
  const { yTrue, yScore } = pooledView(set);
  return {
    shares: {
      accuracy: value,
      accuracyInterval: interval,
      majorityRate: counted === 0 ? null : commonest / counted,
      balancedAccuracy: balanced.length === 0 ? null : balanced.reduce((sum, one) => sum + one, 0) / balanced.length,
    },
    confusion: matrices,
    reliability: reliabilityTable(yTrue, yScore),
    brier: brierLoss(yTrue, yScore),
  };
}

function sharesOf(matrix: ConfusionMatrix, confidence: number): Omit<Shares, 'balancedAccuracy'> {
  const total = matrix.flat().reduce((sum, count) => sum + count, 0);
  const right = matrix.reduce((sum, row, index) => sum + row[index]!, 0);
  return {
    accuracy: accuracyScore(matrix),
    accuracyInterval: wilsonEstimate(right, total, confidence).interval,
    majorityRate: majorityRate(matrix),
  };
}

function classMatrix({ images, classes }: ScoredSet): ConfusionMatrix {
  return confusionMatrix(
    images.map(({ yTrue }) => yTrue.indexOf(1)),
    images.map(({ yScore }) => maxProbable(yScore)),
    classes.length,
  );
}

/** The figures of each source, or of each view, largest first. */
function groupsOf(
  set: ScoredSet,
  keyOf: (image: ScoredImage) => string,
  options: BootstrapOptions & { readonly confidence: number },
): readonly GroupFigures[] {
  const groups = new Map<string, ScoredImage[]>();
  for (const image of set.images) {
    const key = keyOf(image) || 'unknown';
    const group = groups.get(key);
    if (group) group.push(image);
    else groups.set(key, [image]);
  }
  return [...groups]
    .sort(([one, a], [other, b]) => b.length - a.length || (one < other ? -1 : 1))
    .map(([name, images]): GroupFigures => {
      const part: ScoredSet = { ...set, images };
      const perClass = set.classes.map((className, index) => {
        const view = classView(part, index);
        const { yTrue, yScore } = view;
        const figures = {
          n: yTrue.length,
          positives: yTrue.filter((truth) => truth === 1).length,
          auroc: aurocEstimate(view, options),
          ...operatingPoint(view, options),
          ece: expectedCalibrationError(reliabilityTable(yTrue, yScore)),
          brier: brierLoss(yTrue, yScore),
        };
        return [className, figures] as const;
      });
      return {
        name,
        n: images.length,
        patients: new Set(images.map(({ patient }) => patient)).size,
        ...overallFigures(part, options.confidence).shares,
        refused: patientShare(
          images.map(({ patient }) => patient),
          images.map(({ refusal }) => refusal !== undefined),
          options.confidence,
        ),
        perClass: Object.fromEntries(perClass),
      };
    });
}

/** The figures of the labels of each origin, the most reliable first; nothing if no origin is stated. */
function byOriginOf(set: ScoredSet, options: BootstrapOptions & { readonly confidence: number }): readonly GroupFigures[] {
  if (set.objective === 'one-of-many') return [];
  return labelOrigins.flatMap((origin) => {
    const images = set.images
      .filter(({ origins }) => origins?.includes(origin))
      .map((image) => ({ ...image, yTrue: image.yTrue.map((truth, index) => (image.origins![index] === origin ? truth : null)) }));
    return images.length === 0 ? [] : groupsOf({ ...set, images }, () => origin, options);
  });
}

function topLossesOf(set: ScoredSet, count: number): readonly TopLoss[] {
  const losses = set.images.flatMap((image) => {
    const loss = imageLoss(set.objective, image.yTrue, image.yScore);
    return loss === null ? [] : [{ image, loss }];
  });
  return losses
    .sort((one, other) => other.loss - one.loss || (one.image.id < other.image.id ? -1 : 1))
    .slice(0, count)
    .map(({ image, loss }) => ({
      id: image.id,
      source: image.source,
      loss,
      actual: set.classes.filter((_, index) => image.yTrue[index] === 1),
      predicted: set.classes.filter((_, index) => calledPresent(set, image)[index]),
      scores: Object.fromEntries(set.classes.map((name, index) => [name, image.yScore[index]!])),
    }));
}

function checkSet({ objective, classes, thresholds, images }: ScoredSet): void {
  if (images.length === 0) throw new RangeError('expected images, found none');
  if (thresholds.length !== classes.length)
    throw new RangeError(`expected a threshold for each of ${classes.length} classes, found ${thresholds.length}`);
  for (const { id, yTrue, yScore } of images) {
    if (yTrue.length !== classes.length || yScore.length !== classes.length)
      throw new RangeError(`image ${id}: expected ${classes.length} truths and scores, found ${yTrue.length} and ${yScore.length}`);
    const wrong = yScore.find((score) => !(score >= 0 && score <= 1));
    if (wrong !== undefined) throw new RangeError(`image ${id}: expected scores from 0 to 1, found ${wrong}`);
    if (objective === 'one-of-many' && yTrue.filter((truth) => truth === 1).length !== 1)
      throw new RangeError(`image ${id}: expected exactly one class, found ${yTrue.filter((truth) => truth === 1).length}`);
  }
}
