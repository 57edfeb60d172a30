import { chestStudy, type TestStudy } from './chest-study.js';

/** Studies of March to May of a year. */
export function archiveStudies(year: number, count: number): readonly TestStudy[] {
  return Array.from({ length: count }, (_, n) => {
    const date = `${year}0${3 + (n % 3)}${String(1 + n * 2).padStart(2, '0')}`;
    return chestStudy(`archive ${year} ${n}`, [{ attributes: { StudyDate: date } }]);
  });
}

/** To be sent in one association. */
export function filesOf(studies: readonly TestStudy[]): readonly Uint8Array[] {
  return studies.flatMap((one) => one.files);
}
