import { Fault } from '../errors.js';
import type { CodedConcept } from './code.js';
import { withoutPadding } from './padding.js';
import { numberOrText } from './value.js';

/**
 * One DICOM data set under PS3.6 keywords, as plain values:
 * strings, numbers, arrays of them when VM > 1, arrays of DataSet for sequences, bytes for bulk.
 * Person names are the DICOM strings ("Family^Given=…=…"), not objects. An empty attribute is absent or ''.
 */
export interface DataSet {
  readonly [keyword: string]: unknown;
}

/** First value as trimmed text, or undefined if absent or empty. */
export function textOf(dataSet: DataSet, keyword: string): string | undefined {
  const value = firstOf(dataSet[keyword]);
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  const text = withoutPadding(String(value)).trim();
  return text === '' ? undefined : text;
}

/** All values as trimmed texts. */
export function textsOf(dataSet: DataSet, keyword: string): readonly string[] {
  const value = dataSet[keyword];
  if (value === undefined || value === null || value === '') return [];
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one !== 'object').map((one) => String(one).trim());
}

/** First value as a finite number, or undefined. */
export function numberOf(dataSet: DataSet, keyword: string): number | undefined {
  return numbersOf(dataSet, keyword)[0];
}

/** All values as finite numbers; values that are none are left out. */
export function numbersOf(dataSet: DataSet, keyword: string): readonly number[] {
  const value = dataSet[keyword];
  if (value === undefined || value === null || value === '') return [];
  return (Array.isArray(value) ? value : [value]).map(numberIn).filter((one) => one !== undefined);
}

/**
 * The values in their places, so that what belongs together stays together: undefined for one that is empty, NaN for one that is
 * no number. Empty if the attribute is absent.
 */
export function placedNumbersOf(dataSet: DataSet, keyword: string): readonly (number | undefined)[] {
  const value = dataSet[keyword];
  if (value === undefined || value === null || value === '') return [];
  return (Array.isArray(value) ? value : [value]).map((one) => (one === '' || one === null ? undefined : (numberIn(one) ?? NaN)));
}

/**
 * First value of an attribute that decides what an image means: a finite number, or undefined if it is absent or empty.
 * @throws Fault dicom-attribute if it is there and cannot be read, since an image without it would be another image
 */
export function decidingNumberOf(dataSet: DataSet, keyword: string): number | undefined {
  const [value] = placedNumbersOf(dataSet, keyword);
  if (Number.isNaN(value)) throw notANumber(dataSet, keyword);
  return value;
}

export function notANumber(dataSet: DataSet, attribute: string): Fault {
  const sopInstanceUID = textOf(dataSet, 'SOPInstanceUID');
  return new Fault('dicom-attribute', 'a number is expected, something else was found', {
    attribute,
    ...(sopInstanceUID ? { sopInstanceUID } : {}),
  });
}

function numberIn(value: unknown): number | undefined {
  const number = typeof value === 'string' ? numberOrText(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The items of a sequence; none if absent. */
export function itemsOf(dataSet: DataSet, keyword: string): readonly DataSet[] {
  const value = dataSet[keyword];
  if (value === undefined || value === null) return [];
  const items = Array.isArray(value) ? value : [value];
  return items.filter(
    (item): item is DataSet => typeof item === 'object' && item !== null && !ArrayBuffer.isView(item) && !(item instanceof ArrayBuffer),
  );
}

/** First item of a code sequence as a concept (PS3.3 §8.8), or undefined. */
export function conceptOf(dataSet: DataSet, keyword: string): CodedConcept | undefined {
  const item = itemsOf(dataSet, keyword)[0];
  if (!item) return undefined;
  const value = textOf(item, 'CodeValue') ?? textOf(item, 'LongCodeValue') ?? textOf(item, 'URNCodeValue');
  const scheme = textOf(item, 'CodingSchemeDesignator');
  if (value === undefined || scheme === undefined) return undefined;
  return { value, scheme, meaning: textOf(item, 'CodeMeaning') ?? '' };
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value.length ? value[0] : undefined) : value;
}
