import { attributeOfTag } from './dictionary.js';

/** How data elements are encoded (PS3.5 §7.1). */
export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

/** The part of a data element before its value. */
export interface ElementHeader {
  /** As the value is to be read: of the file, or of PS3.6 where the file's says nothing. `UN` if neither is known. */
  readonly vr: string;
  /** Of the value, in bytes; `undefinedLength` if delimiters end it. */
  readonly length: number;
  /** Of tag, VR and length, in bytes. */
  readonly size: number;
  /** Of the value. */
  readonly encoding: Encoding;
}

export const undefinedLength = 0xffffffff;
export const itemTag = 0xfffee000;
export const itemEndTag = 0xfffee00d;
export const sequenceEndTag = 0xfffee0dd;

/** VRs with a 16-bit length in explicit encoding (PS3.5 §7.1.2) … */
const shortLength = new Set([
  'AE',
  'AS',
  'AT',
  'CS',
  'DA',
  'DS',
  'DT',
  'FL',
  'FD',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'SL',
  'SS',
  'ST',
  'TM',
  'UI',
  'UL',
  'US',
]);
/** … and those with two reserved bytes and a 32-bit length. */
const longLength = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
/** VRs that do not define what the bytes mean; `ox` and `lt` are the dictionary's own. */
const bytesOnly = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN', 'ox', 'lt', 'px']);
/** Numbers as text, which a VR of text would leave unread. */
const texts = new Set(['AE', 'CS', 'LO', 'LT', 'SH', 'ST', 'UC', 'UT']);
const numberStrings = new Set(['DS', 'IS']);
const implicitLittleEndian: Encoding = { explicit: false, littleEndian: true };

/** Whether a VR leaves the value as bytes. */
export function isBytesVr(vr: string): boolean {
  return bytesOnly.has(vr);
}

/**
 * The header of the data element at `offset`, or undefined if none can be made out.
 *
 * Real files mix encodings: implicit elements in an explicit file and the reverse, VRs of two question marks or blanks, lengths of
 * 16 bits where 32 belong. The encoding of the data set comes first. Where its reading has no known VR, or a length that does not
 * fit, the other readings are tried, and the first counts whose value ends where a data element, a delimiter or the end follows.
 * @param bound no value may reach beyond it
 */
export function headerAt(view: DataView, offset: number, bound: number, encoding: Encoding): ElementHeader | undefined {
  if (offset + 8 > view.byteLength) return undefined;
  const tag = tagAt(view, offset, encoding.littleEndian);
  const vr = String.fromCharCode(view.getUint8(offset + 4), view.getUint8(offset + 5));
  const isKnownVr = shortLength.has(vr) || longLength.has(vr);
  const standard = encoding.explicit
    ? explicitHeader(view, offset, tag, vr, encoding, shortLength.has(vr))
    : implicitHeader(view, offset, tag, encoding);
  if (standard && encoding.explicit === isKnownVr && fits(standard, offset, bound)) return standard;
  const hasLetters = /^[A-Z]{2}$/.test(vr);
  const implicit = implicitHeader(view, offset, tag, encoding);
  const readings = [
    encoding.explicit && !hasLetters ? undefined : standard,
    // Read with a VR it would be empty, and read without one it is short.
    implicit.length > 0 && implicit.length < 0x10000 ? implicit : undefined,
    ...(isKnownVr || encoding.explicit
      ? [explicitHeader(view, offset, tag, vr, encoding, true), explicitHeader(view, offset, tag, vr, encoding, false)]
      : []),
    implicit,
  ].filter((one) => one !== undefined && fits(one, offset, bound)) as ElementHeader[];
  const believable = (surely: boolean) =>
    readings.find((one) => isFollowed(view, offset + one.size + one.length, bound, tag, one, encoding, surely));
  return believable(true) ?? believable(false) ?? (encoding.explicit && !hasLetters ? undefined : standard);
}

/** Whether the letters of a known VR stand where an element at `offset` has them in explicit encoding. */
export function hasKnownVr(view: DataView, offset: number): boolean {
  if (offset + 8 > view.byteLength) return false;
  const vr = String.fromCharCode(view.getUint8(offset + 4), view.getUint8(offset + 5));
  return shortLength.has(vr) || longLength.has(vr);
}

/** The tag at `offset`, as an unsigned number. */
export function tagAt(view: DataView, offset: number, littleEndian: boolean): number {
  return ((view.getUint16(offset, littleEndian) << 16) | view.getUint16(offset + 2, littleEndian)) >>> 0;
}

/**
 * Whether a data element of a tag above `above` or a delimiter begins at `offset`, or the bytes end there. Its VR is known, or its
 * attribute is and its length fits.
 * @param surely only an attribute of PS3.6 counts, not also a private one, which any two numbers may be
 */
export function startsElement(view: DataView, offset: number, encoding: Encoding, above: number, surely = false): boolean {
  if (offset === view.byteLength) return true;
  if (offset + 8 > view.byteLength) return false;
  const tag = tagAt(view, offset, encoding.littleEndian);
  if (tag === itemTag || tag === itemEndTag || tag === sequenceEndTag) return true;
  if (tag <= above || tag >= itemTag) return false;
  if (hasKnownVr(view, offset)) return true;
  const lengths = [view.getUint32(offset + 4, encoding.littleEndian), view.getUint16(offset + 6, encoding.littleEndian)];
  return (
    (surely ? attributeOfTag(tag) !== undefined : isKnownTag(tag)) &&
    lengths.some((length) => length === undefinedLength || offset + 8 + length <= view.byteLength)
  );
}

/** An attribute of PS3.6, a group length, an overlay or curve, a private creator or a private attribute of one. */
function isKnownTag(tag: number): boolean {
  const [group, element] = [tag >>> 16, tag & 0xffff];
  if (group % 2 === 1) return group > 8 && element >= 0x10 && (element <= 0xff || element >= 0x1000);
  return element === 0 || (group & 0xff00) === 0x5000 || (group & 0xff00) === 0x6000 || attributeOfTag(tag) !== undefined;
}

function explicitHeader(
  view: DataView,
  offset: number,
  tag: number,
  vr: string,
  encoding: Encoding,
  short: boolean,
): ElementHeader | undefined {
  if (!short && offset + 12 > view.byteLength) return undefined;
  const length = short ? view.getUint16(offset + 6, encoding.littleEndian) : view.getUint32(offset + 8, encoding.littleEndian);
  const size = short ? 8 : 12;
  const known = attributeOfTag(tag);
  const stated = shortLength.has(vr) || longLength.has(vr) ? vr : 'UN';
  if (stated === 'SQ' || !known) {
    // PS3.5 §6.2.2: UN of undefined length is a sequence in implicit little endian; some writers leave it as the rest of the file is.
    const foreign = vr === 'UN' && length === undefinedLength && !(startsItem(view, offset + size, encoding) && !encoding.littleEndian);
    return { vr: stated, length, size, encoding: foreign ? implicitLittleEndian : encoding };
  }
  // Whatever was once unknown is encoded in implicit little endian, and its attribute says what it is (the same paragraph).
  const value =
    vr === 'UN' && !(known.vr === 'SQ' && !encoding.littleEndian && startsItem(view, offset + size, encoding))
      ? implicitLittleEndian
      : encoding;
  if (known.vr === 'SQ')
    return { vr: length === undefinedLength || startsItem(view, offset + size, value) ? 'SQ' : stated, length, size, encoding: value };
  if (stated !== vr && length !== undefinedLength) return { vr: known.vr, length, size, encoding: value };
  const otherwise = (isBytesVr(stated) && !isBytesVr(known.vr)) || (texts.has(stated) && numberStrings.has(known.vr));
  return { vr: otherwise && length !== undefinedLength ? known.vr : stated, length, size, encoding: value };
}

function implicitHeader(view: DataView, offset: number, tag: number, encoding: Encoding): ElementHeader {
  return {
    vr: attributeOfTag(tag)?.vr ?? 'UN',
    length: view.getUint32(offset + 4, encoding.littleEndian),
    size: 8,
    encoding: { ...encoding, explicit: false },
  };
}

function startsItem(view: DataView, offset: number, encoding: Encoding): boolean {
  return offset + 8 <= view.byteLength && tagAt(view, offset, encoding.littleEndian) === itemTag;
}

function fits({ length, size }: ElementHeader, offset: number, bound: number): boolean {
  return length === undefinedLength || offset + size + length <= bound;
}

/** Of undefined length: an item or the end of the sequence must follow. */
function isFollowed(
  view: DataView,
  end: number,
  bound: number,
  tag: number,
  { length, size, encoding: value }: ElementHeader,
  encoding: Encoding,
  surely: boolean,
): boolean {
  if (length !== undefinedLength) return end === bound || startsElement(view, end, encoding, tag, surely);
  const start = end - length;
  return size > 0 && start + 8 <= view.byteLength && [itemTag, sequenceEndTag].includes(tagAt(view, start, value.littleEndian));
}
