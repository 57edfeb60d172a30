/**
 * A DICOM date and time as TS (HL7 v2.5.1 §2A.77), to the precision that is stated.
 *
 * @param date YYYYMMDD
 * @param time HH, HHMM, HHMMSS or HHMMSS.FFFFFF, perhaps followed by its offset (+0100)
 * @returns undefined without a legal date; the date alone without a legal time
 */
export function hl7DateTime(date: string | undefined, time: string | undefined): string | undefined {
  if (date === undefined || !/^\d{8}$/.test(date)) return undefined;
  const [, hours, minutes = '00', seconds = '', fraction = '', offset = ''] =
    /^(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,6})?)?)?([+-]\d{4})?$/.exec(time ?? '') ?? [];
  if (hours === undefined) return date;
  return `${date}${hours}${minutes}${seconds}${fraction.slice(0, 5)}${offset}`;
}

/** A moment as TS in the local time zone of this process, with its offset: receivers that ignore offsets show local times. */
export function hl7Moment(moment: Date): string {
  const offset = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + offset * 60_000).toISOString();
  const digits = (value: number): string => String(value).padStart(2, '0');
  const absolute = Math.abs(offset);
  return `${local.slice(0, 19).replace(/[-:T]/g, '')}${offset < 0 ? '-' : '+'}${digits(Math.floor(absolute / 60))}${digits(absolute % 60)}`;
}
