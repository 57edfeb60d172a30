import { clusteredAuroc } from '../../evaluation/metrics/clustered-auroc.js';
import type { Estimate } from '../../evaluation/metrics/estimate.js';
import { cohenKappa } from '../../evaluation/metrics/kappa.js';
import { patientShare } from '../../evaluation/metrics/patient-share.js';
import type { TrialFindingFigures, Measure, Proportion } from './trial-figures.js';

/** What is known of one finding of one study. */
export interface FindingCase {
  readonly studyInstanceUID: string;
  readonly patient: string;
  /** Absent: the version abstains from the study. */
  readonly prediction?: { readonly probability: number; readonly decision: 'present' | 'absent' | 'undetermined' } | undefined;
  /** The label on which readers agree; `none`: they disagree or did not decide; absent: nobody assessed it. */
  readonly label?: 'present' | 'absent' | 'none' | undefined;
  readonly isKnownToModel: boolean;
}

/**
 * The figures of one finding. The unit is the study, however many images it has; intervals take into account that studies of one patient
 * resemble each other. A study without a label is in no figure of agreement: unknown is not negative.
 *
 * @param minLabelled fewer studies give no figure of agreement; 1 for all studies together
 */
export function findingFigures(finding: string, cases: readonly FindingCase[], minLabelled: number): TrialFindingFigures {
  const predicted = cases.filter((one) => one.prediction);
  const labelled = cases.filter(({ label }) => label === 'present' || label === 'absent');
  const unseen = labelled.filter((one) => !one.isKnownToModel);
  const compared = unseen.filter((one) => one.prediction);
  const isPositive = ({ prediction }: FindingCase): boolean => prediction?.decision === 'present';
  const isPresent = ({ label }: FindingCase): boolean => label === 'present';
  const patients = compared.map(({ patient }) => patient);
  const truth = compared.map((one) => binary(isPresent(one)));
  const called = compared.map((one) => binary(isPositive(one)));
  const [positives, negatives] = [compared.filter(isPresent), compared.filter((one) => !isPresent(one))];
  const isEnough = Math.min(positives.length, negatives.length) >= minLabelled;
  const scores = compared.map(({ prediction }) => prediction!.probability);
  return {
    finding,
    predicted: predicted.length,
    positive: proportion(predicted, isPositive, 1),
    undetermined: predicted.filter(({ prediction }) => prediction!.decision === 'undetermined').length,
    prevalence: proportion(unseen, isPresent, minLabelled),
    withoutAgreement: cases.filter(({ label }) => label === 'none').length,
    abstained: unseen.length - compared.length,
    knownToModel: labelled.length - unseen.length,
    sensitivity: proportion(positives, isPositive, minLabelled),
    specificity: proportion(negatives, (one) => !isPositive(one), minLabelled),
    auroc: isEnough ? asMeasure(compared.length, clusteredAuroc(truth, scores, patients)) : missing(compared.length, minLabelled),
    kappa: isEnough ? asMeasure(compared.length, cohenKappa(truth, called, patients)) : missing(compared.length, minLabelled),
  };
}

/** A share of studies with Wilson's interval for the number of independent studies that they are worth. */
export function proportion<Case extends { readonly patient: string }>(
  cases: readonly Case[],
  isHit: (one: Case) => boolean,
  minCases: number,
): Proportion {
  const hits = cases.map(isHit);
  const counts = { count: hits.filter(Boolean).length, of: cases.length };
  if (cases.length === 0) return { ...counts, value: null, interval: null, why: 'no-studies' };
  if (cases.length < minCases) return { ...counts, value: null, interval: null, why: 'few' };
  const { value, interval } = patientShare(
    cases.map(({ patient }) => patient),
    hits,
  );
  return { ...counts, value, interval };
}

export function asMeasure(of: number, { value, interval }: Estimate): Measure {
  if (value === null) return { of, value, interval: null, why: 'one-class' };
  return interval === null ? { of, value, interval, why: 'no-variance' } : { of, value, interval };
}

function missing(of: number, minLabelled: number): Measure {
  return { of, value: null, interval: null, why: of === 0 ? 'no-studies' : minLabelled > 1 ? 'few' : 'one-class' };
}

function binary(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}
