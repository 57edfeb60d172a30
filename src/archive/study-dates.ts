/* Study Dates as DICOM writes them (DA, PS3.5 §6.2): YYYYMMDD. */

/** @param date YYYY-MM-DD @returns YYYYMMDD; undefined if there is no such day */
export function studyDateOf(date: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  const time = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date ? undefined : date.replaceAll('-', '');
}

/** @returns YYYY-MM-DD */
export function calendarDate(studyDate: string): string {
  return `${studyDate.slice(0, 4)}-${studyDate.slice(4, 6)}-${studyDate.slice(6)}`;
}

export function addDays(studyDate: string, days: number): string {
  const time = Date.parse(`${calendarDate(studyDate)}T00:00:00Z`) + days * 86_400_000;
  return new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
}
