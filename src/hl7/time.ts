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

/**
 * The moment of a TS or DTM (HL7 v2.5.1 §2A.22): YYYY[MM[DD[HH[MM[SS[.S…]]]]]][+/-ZZZZ]. Without an offset it is local time of this
 * process.
 *
 * @returns undefined if it is none, or states no day
 */
export function momentOfHl7(text: string): Date | undefined {
  const found = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?([+-]\d{4})?$/.exec(text.trim());
  if (!found) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', offset] = found;
  const zone = offset === undefined ? '' : `${offset.slice(0, 3)}:${offset.slice(3)}`;
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}
