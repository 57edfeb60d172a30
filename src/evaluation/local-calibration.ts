import { calibratedOutputs } from './calibrated-outputs.js';
import type { Truth } from './metrics/estimate.js';
import type { FindingRule, OutputRule, Rules } from './rules.js';

/** With fewer patients on one side of a finding its temperature and thresholds stay those of the publisher. */
export const minCalibrationPatients = 20;

/** Labelled images of the hospital, as a network scores them. */
export interface LocalCalibrationSet {
  readonly patients: readonly string[];
  /** One row an image, one raw logit a finding, in the order of the findings among the outputs. */
  readonly logits: readonly (readonly number[])[];
  readonly yTrue: readonly (readonly Truth[])[];
}

export interface LocalCalibration {
  readonly outputs: readonly OutputRule[];
  readonly calibrated: readonly string[];
  /** Findings that are not calibrated here, each with the number of patients with and without it. */
  readonly notCalibrated: readonly { readonly name: string; readonly present: number; readonly absent: number }[];
}

/**
 * Output rules with temperature, bias and thresholds from local labels where there are enough; the publisher's elsewhere, marked as
 * not calibrated here. A one-of-many network has one temperature, so that it is calibrated as a whole or not at all.
 *
 * @param min patients with a finding, and patients without it
 */
export function calibrateLocally(
  { outputs, objective = 'several' }: Pick<Rules, 'outputs' | 'objective'>,
  set: LocalCalibrationSet,
  min = minCalibrationPatients,
): LocalCalibration {
  const rules = outputs.filter((rule): rule is FindingRule => rule.kind === 'finding');
  const counts = rules.map(({ name }, finding) => ({
    name,
    present: patientsWith(set, finding, 1),
    absent: patientsWith(set, finding, 0),
  }));
  // The softmax over an ignored class needs labels of that class too.
  const asWhole = objective === 'one-of-many';
  const possible =
    !asWhole ||
    (outputs.every(({ kind }) => kind !== 'ignored') && counts.every(({ present, absent }) => Math.min(present, absent) >= min));
  const isEnough = counts.map(({ present, absent }) => possible && Math.min(present, absent) >= min);
  const fitted = asWhole
    ? possible
      ? calibratedOutputs({ objective, classes: rules.map(({ name }) => name), logits: set.logits, yTrue: set.yTrue })
      : []
    : rules.map((rule, finding) => (isEnough[finding] ? calibratedAlone(rule, finding, set) : rule));
  let finding = 0;
  return {
    outputs: outputs.map((rule): OutputRule => {
      if (rule.kind !== 'finding') return rule;
      const index = finding++;
      if (!isEnough[index]) return rule;
      const { publishedThreshold } = rule;
      return { ...fitted[index]!, ...(publishedThreshold === undefined ? {} : { publishedThreshold }), calibratedHere: true };
    }),
    calibrated: rules.flatMap(({ name }, index) => (isEnough[index] ? [name] : [])),
    notCalibrated: counts.filter((_, index) => !isEnough[index]),
  };
}

function calibratedAlone({ name }: FindingRule, finding: number, { logits, yTrue }: LocalCalibrationSet): FindingRule {
  const known = yTrue.flatMap((row, image) => (row[finding] === null ? [] : [image]));
  return calibratedOutputs({
    objective: 'several',
    classes: [name],
    logits: known.map((image) => [logits[image]![finding]!]),
    yTrue: known.map((image) => [yTrue[image]![finding]!]),
  })[0]!;
}

function patientsWith({ patients, yTrue }: LocalCalibrationSet, finding: number, truth: Truth): number {
  return new Set(patients.filter((_, image) => yTrue[image]![finding] === truth)).size;
}
