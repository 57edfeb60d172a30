import { textOf, type DataSet } from './data-set.js';

/** Age in steps of twenty years: what is stored of a patient's age. 0: 0 to 19, …, 4: from 80. */
export const ageGroups = ['0 to 19', '20 to 39', '40 to 59', '60 to 79', 'from 80'] as const;

/** Index in `ageGroups`. */
export type AgeGroup = 0 | 1 | 2 | 3 | 4;

/**
 * From Patient's Age (0010,1010) (AS: 045Y), else from birth to study.
 *
 * @returns undefined if neither is stated, or the age is not 0 to 130 years
 */
export function ageGroupOf(instance: DataSet): AgeGroup | undefined {
  const stated = /^(\d{3})([DWMY])$/.exec(textOf(instance, 'PatientAge') ?? '');
  const [birth, at] = ['PatientBirthDate', 'StudyDate'].map((keyword) => /^(\d{4})(\d{4})$/.exec(textOf(instance, keyword) ?? ''));
  const years = stated
    ? stated[2] === 'Y'
      ? Number(stated[1])
      : 0
    : birth && at
      ? Number(at[1]) - Number(birth[1]) - (at[2]! < birth[2]! ? 1 : 0)
      : undefined;
  if (years === undefined || years < 0 || years > 130) return undefined;
  return Math.min(4, Math.floor(years / 20)) as AgeGroup;
}
