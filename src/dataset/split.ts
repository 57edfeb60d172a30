import { Fault } from '../errors.js';
import type { Example, LabelKind } from './example.js';
import { groupsOf } from './groups.js';
import { assign, byRoot } from './stratify.js';
import { isLocked, type TestLock } from './test-lock.js';

/**
 * What an image is for. `left-out`: of a source that is left out of training on purpose. `excluded`: bound to a test or left-out
 * patient by a near-duplicate, so that it may be on neither side.
 */
export const parts = ['train', 'validation', 'calibration', 'test', 'left-out', 'excluded'] as const;

export type Part = (typeof parts)[number];

export interface SplitOptions {
  readonly seed: number;
  /** Of the images that are neither locked nor left out. */
  readonly shares: { readonly validation: number; readonly calibration?: number };
  /** `file` lets images of one patient fall on both sides, as the origin did; its figures flatter. */
  readonly unit?: 'patient' | 'file';
  /** Patients of the test set, locked for good. */
  readonly lock?: TestLock | undefined;
  /** Sources that are not trained on. */
  readonly leaveOut?: readonly string[];
  /** Patients whose images are used for nothing, for example because they are shown in a demonstration. */
  readonly exclude?: readonly string[];
}

export interface Split {
  /** One for each example. */
  readonly parts: readonly Part[];
  /** Sentences with counts; no patient. */
  readonly warnings: readonly string[];
}

/**
 * Splits by patient and near-duplicates, stratified by source and rarest class, the same for the same seed and examples in
 * whatever order they come.
 *
 * @throws Fault dataset-invalid if there are not two patients, or if train or validation would be empty
 */
export function splitExamples(examples: readonly Example[], options: SplitOptions): Split {
  const { seed, shares, unit = 'patient', lock, leaveOut = [] } = options;
  const patients = new Set(examples.map(({ patient }) => patient));
  if (patients.size < 2)
    throw new Fault('dataset-invalid', `expected images of at least two patients, found ${examples.length} images of ${patients.size}`);
  const unknownSource = leaveOut.find((name) => !examples.some(({ source }) => source === name));
  if (unknownSource !== undefined)
    throw new Fault(
      'dataset-invalid',
      `expected a source of ${[...new Set(examples.map(({ source }) => source))].sort().join(', ')} to leave out, found ${unknownSource}`,
    );
  const result = new Array<Part>(examples.length).fill('train');
  const bound = groupsOf(examples);
  const free = new Set(examples.keys());
  for (const members of byRoot(bound).values()) reserve(members, examples, options, result, free);

  const roots = unit === 'patient' ? bound : Int32Array.from(examples.keys());
  const groups = [...byRoot(roots).values()]
    .map((members) => members.filter((index) => free.has(index)))
    .filter((members) => members.length > 0);
  const targets: readonly (readonly [Part, number])[] = [
    ['train', 1 - shares.validation - (shares.calibration ?? 0)],
    ['validation', shares.validation],
    ['calibration', shares.calibration ?? 0],
  ];
  assign(groups, examples, targets, seed, result);
  const warnings = warningsOf(examples, result, lock, unit);
  for (const part of ['train', 'validation'] as const) {
    if (!result.includes(part))
      throw new Fault(
        'dataset-invalid',
        `expected images for ${part}, found none among ${examples.length} images of ${patients.size} patients`,
      );
  }
  return { parts: result, warnings };
}

/** Locked, left-out and excluded patients are taken out; examples bound to them are used on neither side. */
function reserve(
  members: readonly number[],
  examples: readonly Example[],
  { lock, leaveOut = [], exclude = [] }: SplitOptions,
  result: Part[],
  free: Set<number>,
): void {
  const isExcluded = members.some((index) => exclude.includes(examples[index]!.patient));
  const locked = members.filter((index) => lock && isLocked(lock, examples[index]!.patient));
  const left = members.filter((index) => leaveOut.includes(examples[index]!.source));
  if (locked.length === 0 && left.length === 0 && !isExcluded) return;
  for (const index of members) {
    free.delete(index);
    result[index] = isExcluded
      ? 'excluded'
      : leaveOut.includes(examples[index]!.source)
        ? 'left-out'
        : locked.includes(index)
          ? 'test'
          : 'excluded';
  }
}

function warningsOf(examples: readonly Example[], result: readonly Part[], lock: TestLock | undefined, unit: 'patient' | 'file'): string[] {
  const warnings: string[] = [];
  const both = patientsOnBothSides(examples, result);
  if (unit === 'file')
    warnings.push(
      `split by file: ${both} of ${new Set(examples.map(({ patient }) => patient)).size} patients have images on both sides of the split, so every figure flatters`,
    );
  else if (both > 0) throw new Error(`${both} patients on both sides of a split by patient`);
  const excluded = result.filter((part) => part === 'excluded').length;
  if (excluded > 0)
    warnings.push(
      `${excluded} images are near-duplicates of test, left-out or excluded images, or of the same patient: used on neither side`,
    );
  if (lock && !result.includes('test')) warnings.push('none of the locked test patients is among these images');
  return warnings;
}

/** Number of patients with images both in training and in evaluation. */
export function patientsOnBothSides(examples: readonly Pick<Example, 'patient'>[], result: readonly Part[]): number {
  const sides = new Map<string, Set<boolean>>();
  examples.forEach(({ patient }, index) => {
    if (result[index] === 'excluded') return;
    const set = sides.get(patient) ?? new Set();
    sides.set(patient, set.add(result[index] === 'train'));
  });
  return [...sides.values()].filter((set) => set.size > 1).length;
}

/**
 * Checks that there is something to learn: at least two classes of one-of-many, or a finding with images with and without it.
 *
 * @returns a warning for each class without a training image
 * @throws Fault dataset-invalid naming the classes
 */
export function checkSplitClasses(
  examples: readonly Example[],
  result: readonly Part[],
  classes: readonly string[],
  kind: LabelKind,
): readonly string[] {
  const train = examples.filter((_, index) => result[index] === 'train');
  const imagesOfClass = classes.map((name) => train.filter(({ labels }) => labels.includes(name)).length);
  if (kind === 'one-of-many') {
    const trainable = classes.filter((_, index) => imagesOfClass[index]! > 0);
    if (trainable.length < 2)
      throw new Fault(
        'dataset-invalid',
        `expected images of at least two classes to train on, found ${trainable.length === 1 ? `${train.length} images of ${trainable[0]} alone` : 'none'}`,
      );
  } else {
    const learnable = classes.filter(
      (name, index) =>
        imagesOfClass[index]! > 0 && train.some(({ labels, unknown = [] }) => !labels.includes(name) && !unknown.includes(name)),
    );
    if (learnable.length === 0)
      throw new Fault('dataset-invalid', `expected for at least one of ${classes.join(', ')} images with and without it, found none`);
  }
  return classes
    .filter((_, index) => imagesOfClass[index] === 0)
    .map((name) => `no image of ${name} to train on: the network cannot learn it`);
}
