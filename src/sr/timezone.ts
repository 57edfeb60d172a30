import { textOf, type DataSet } from '../dicom/data-set.js';

/**
 * Times without an offset are in the local zone of this process, which is that of the setting `timeZone` (local-time-zone.ts):
 * most systems of a hospital write local times and no Timezone Offset From UTC (0008,0201).
 */

/** A moment as DICOM writes it: DA and TM, and Timezone Offset From UTC (0008,0201) only where the source states one. */
export interface LocalTime {
  readonly date: string;
  readonly time: string;
  readonly offset?: string;
}

/**
 * The moment in the time zone of the source: at the offset that the source states, else in the local zone and without an
 * offset. One offset holds for every date and time of a data set (PS3.3 C.12.1.1.8), and Study Date and Time are copied from
 * the source as they stand: an offset that the source does not state would move them.
 */
export function localTime(moment: Date, source: DataSet): LocalTime {
  const offset = statedOffset(source);
  return { ...digitsAt(moment, offset), ...(offset ? { offset } : {}) };
}

/** The moment as DT (PS3.5 §6.2) to the millisecond, with the offset that holds in the source's zone at that moment: a DT stands for itself. */
export function dateTimeOf(moment: Date, source: DataSet): string {
  const offset = statedOffset(source) ?? offsetOf(moment);
  const { date, time } = digitsAt(moment, offset);
  return `${date}${time}${fractionOf(moment)}${offset}`;
}

/** Milliseconds of a moment as DT and TM write them, ".042"; nothing for a whole second. */
export function fractionOf(moment: Date): string {
  return moment.getUTCMilliseconds() === 0 ? '' : moment.toISOString().slice(19, 23);
}

/** The moment of a date and time, at the offset of the data set, else in the local zone; undefined if there is no date or it is not readable. */
export function momentOf(dataSet: DataSet, dateKeyword: string, timeKeyword: string): Date | undefined {
  const date = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(textOf(dataSet, dateKeyword) ?? '');
  if (!date) return undefined;
  const [whole = '', fraction = ''] = (textOf(dataSet, timeKeyword) ?? '').replaceAll(':', '').split('.');
  if (!/^\d{0,6}$/.test(whole) || !/^\d*$/.test(fraction)) return undefined;
  const digits = whole.padEnd(6, '0');
  const [hours, minutes, seconds] = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)];
  const offset = statedOffset(dataSet);
  const moment = new Date(
    `${date[1]}-${date[2]}-${date[3]}T${hours}:${minutes}:${seconds === '60' ? '59' : seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${offset ? `${offset.slice(0, 3)}:${offset.slice(3)}` : ''}`,
  );
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** The moment of a DT (PS3.5 §6.2); at its own offset, else that of the data set, else in the local zone. */
export function momentOfDateTime(text: string, dataSet: DataSet): Date | undefined {
  const [, date, time = '', offset] = /^(\d{8})([\d.]*)([+-]\d{4})?$/.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  return momentOf({ Date: date, Time: time, TimezoneOffsetFromUTC: offset ?? dataSet['TimezoneOffsetFromUTC'] }, 'Date', 'Time');
}

/** Timezone Offset From UTC of a data set, if it states a legal one. */
function statedOffset(dataSet: DataSet): string | undefined {
  const stated = textOf(dataSet, 'TimezoneOffsetFromUTC');
  return stated !== undefined && isOffset(stated) ? stated : undefined;
}

/** Date and time of day at an offset; without one, in the local zone. */
function digitsAt(moment: Date, offset: string | undefined): { readonly date: string; readonly time: string } {
  const minutes =
    offset === undefined
      ? -moment.getTimezoneOffset()
      : (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3))) * (offset.startsWith('-') ? -1 : 1);
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString();
  return { date: local.slice(0, 10).replaceAll('-', ''), time: local.slice(11, 19).replaceAll(':', '') };
}

/** "+0100", of the local zone at that moment. */
function offsetOf(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(absolute / 60)).padStart(2, '0')}${String(absolute % 60).padStart(2, '0')}`;
}

function isOffset(text: string): boolean {
  return /^(\+(0\d|1[0-3])[0-5]\d|\+1400|-(0\d|1[01])[0-5]\d|-1200)$/.test(text) && text !== '-0000';
}
