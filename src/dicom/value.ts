import { tagDigits } from './dictionary.js';
import { withoutPadding } from './padding.js';
import type { DecodeText } from './character-set.js';

/** How the bytes of one value are to be understood. */
export interface ValueContext {
  readonly littleEndian: boolean;
  readonly decodeText: DecodeText;
  /** Pixel Representation of the data set: decides US or SS where the dictionary leaves it open. */
  readonly signedPixels: boolean;
}

const byteValues = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'UN', 'ox', 'lt', 'px']);
/** Text in the data set's own character set (PS3.5 §6.1.2.3); all other strings are ASCII. */
const encodedText = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
/** Strings in which a backslash is text (PS3.5 §6.2). */
const singleText = new Set(['LT', 'ST', 'UT', 'UR']);
/** A longer text or number list is left as bytes: no attribute that we read is that long, and a hostile one must cost nothing. */
const maxReadValue = 4 << 20;

type ReadNumber = readonly [size: number, read: (view: DataView, offset: number, littleEndian: boolean) => number | string];
const numbers: Readonly<Record<string, ReadNumber>> = {
  US: [2, (view, at, le) => view.getUint16(at, le)],
  SS: [2, (view, at, le) => view.getInt16(at, le)],
  UL: [4, (view, at, le) => view.getUint32(at, le)],
  SL: [4, (view, at, le) => view.getInt32(at, le)],
  FL: [4, (view, at, le) => view.getFloat32(at, le)],
  FD: [8, (view, at, le) => view.getFloat64(at, le)],
  UV: [8, (view, at, le) => Number(view.getBigUint64(at, le))],
  SV: [8, (view, at, le) => Number(view.getBigInt64(at, le))],
  AT: [4, (view, at, le) => tagDigits(((view.getUint16(at, le) << 16) | view.getUint16(at + 2, le)) >>> 0)],
};

/**
 * The plain value of an attribute (see DataSet): one value itself, several as an array, none as ''.
 * DS and IS become numbers where they are numbers. AT becomes eight hexadecimal digits, as in DICOM JSON.
 * Bytes of OW from a big endian file are given little endian, so that readers need not know where they came from.
 */
export function valueOf(vr: string, bytes: Uint8Array, context: ValueContext): unknown {
  const resolved = vr === 'xs' ? (context.signedPixels ? 'SS' : 'US') : vr;
  if (byteValues.has(resolved) || bytes.length > maxReadValue) {
    return context.littleEndian ? bytes : swapped(bytes, resolved);
  }
  if (bytes.length === 0) return '';
  const number = numbers[resolved];
  if (number) return one(numbersIn(bytes, number, context.littleEndian));
  return textIn(resolved, bytes, context.decodeText);
}

function numbersIn(bytes: Uint8Array, [size, read]: ReadNumber, littleEndian: boolean): readonly (number | string)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => read(view, index * size, littleEndian));
}

function textIn(vr: string, bytes: Uint8Array, decodeText: DecodeText): unknown {
  const text = encodedText.has(vr) ? decodeText(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (singleText.has(vr)) return withoutPadding(text);
  const values = text.split('\\').map((value) => withoutPadding(value).replace(/^ +/, ''));
  return one(vr === 'DS' || vr === 'IS' ? values.map(numberOrText) : values);
}

const decimal = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(E[+-]?\d+)?$/i;

/**
 * A decimal or integer string as a number, also with a decimal comma, which writers of some countries leave; what is none stays
 * text, so that nothing is invented.
 */
export function numberOrText(text: string): number | string {
  const trimmed = text.replace(/\0[\0 ]*$/, '').trim();
  const number = decimal.test(trimmed) ? Number(trimmed.replace(',', '.')) : NaN;
  return Number.isFinite(number) ? number : trimmed;
}

function one(values: readonly unknown[]): unknown {
  if (values.length === 0) return '';
  return values.length === 1 ? values[0] : values;
}

const wordSize: Readonly<Record<string, number>> = { OW: 2, ox: 2, lt: 2, OL: 4, OF: 4, OD: 8, OV: 8 };

function swapped(bytes: Uint8Array, vr: string): Uint8Array {
  const size = wordSize[vr] ?? 1;
  if (size === 1) return bytes;
  const copy = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % size)));
  return size === 2 ? copy.swap16() : size === 4 ? copy.swap32() : copy.swap64();
}
