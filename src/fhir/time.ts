/**
 * A DICOM date and time as dateTime (FHIR R4 §2.24). FHIR demands an offset with a time; where none is stated, it is that of the local
 * zone of this process.
 *
 * @param date YYYYMMDD
 * @param time HHMM, HHMMSS or HHMMSS.FFFFFF, perhaps followed by its offset (+0100)
 * @returns undefined without a legal date; the date alone without a legal time
 */
export function fhirDateTime(date: string | undefined, time: string | undefined): string | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date ?? '') ?? [];
  if (year === undefined || Number.isNaN(Date.parse(`${year}-${month}-${day}T00:00:00Z`))) return undefined;
  const [, hours, minutes, seconds = '00', fraction = '', offset] =
    /^([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d)(\.\d{1,6})?)?([+-](?:0\d|1[0-4])[0-5]\d)?$/.exec(time ?? '') ?? [];
  if (hours === undefined) return `${year}-${month}-${day}`;
  const clock = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}${fraction}`;
  return `${clock}${offset === undefined ? localOffset(new Date(clock)) : `${offset.slice(0, 3)}:${offset.slice(3)}`}`;
}

function localOffset(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  const digits = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(Math.abs(minutes) / 60))}:${digits(Math.abs(minutes) % 60)}`;
}
