import { textOf, type DataSet } from '../dicom/data-set.js';

/** A moment as DICOM writes it: DA, TM and Timezone Offset From UTC (0008,0201). */
export interface LocalTime {
  readonly date: string;
  readonly time: string;
  readonly offset: string;
}

/**
 * The moment in the source's time zone if it states one, else in `fallbackOffset`. One offset holds for every date
 * and time of a data set (PS3.3 C.12.1.1.8), so the study date and time that we repeat decide.
 */
export function localTime(moment: Date, source: DataSet, fallbackOffset: string): LocalTime {
  const stated = textOf(source, 'TimezoneOffsetFromUTC');
  const offset = stated !== undefined && isOffset(stated) ? stated : isOffset(fallbackOffset) ? fallbackOffset : '+0000';
  const minutes = (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3))) * (offset.startsWith('-') ? -1 : 1);
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString();
  return { date: local.slice(0, 10).replaceAll('-', ''), time: local.slice(11, 19).replaceAll(':', ''), offset };
}

/** Milliseconds of a moment as DT and TM write them, ".042"; nothing for a whole second. */
export function fractionOf(moment: Date): string {
  return moment.getUTCMilliseconds() === 0 ? '' : moment.toISOString().slice(19, 23);
}

/** The moment of a date, time and offset; undefined if there is no date or it is not readable. */
export function momentOf(dataSet: DataSet, dateKeyword: string, timeKeyword: string): Date | undefined {
  const date = /^(\d{4})(\d{2})(\d{2})$/.exec(textOf(dataSet, dateKeyword) ?? '');
  if (!date) return undefined;
  const [whole = '', fraction = ''] = (textOf(dataSet, timeKeyword) ?? '').split('.');
  const time = whole.padEnd(6, '0');
  const stated = textOf(dataSet, 'TimezoneOffsetFromUTC') ?? '+0000';
  const offset = isOffset(stated) ? `${stated.slice(0, 3)}:${stated.slice(3)}` : '+00:00';
  const moment = new Date(`${date[1]}-${date[2]}-${date[3]}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** The moment of a DT (PS3.5 §6.2); its own offset, else that of the data set. */
export function momentOfDateTime(text: string, dataSet: DataSet): Date | undefined {
  const [, date, time = '', offset] = /^(\d{8})([\d.]*)([+-]\d{4})?$/.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  return momentOf({ Date: date, Time: time, TimezoneOffsetFromUTC: offset ?? dataSet['TimezoneOffsetFromUTC'] }, 'Date', 'Time');
}

function isOffset(text: string): boolean {
  return /^(\+(0\d|1[0-3])[0-5]\d|\+1400|-(0\d|1[01])[0-5]\d|-1200)$/.test(text) && text !== '-0000';
}
