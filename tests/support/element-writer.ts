/** Data elements as a file has them, right or wrong, for tests of the reader. */
export interface WrittenElement {
  readonly tag: number;
  readonly vr: string;
  /** In little endian; `word` says how long the pieces are that big endian turns round. */
  readonly bytes?: Buffer;
  readonly word?: 1 | 2 | 4;
  readonly items?: readonly (readonly WrittenElement[])[];
  /** Fragments: undefined length whatever the VR is. */
  readonly fragments?: readonly Buffer[];
  /** How it is written where that differs from the rest of the file. */
  readonly style?: ElementStyle;
}

export interface ElementStyle {
  /** Letters in place of the VR. */
  readonly letters?: string;
  /** Bytes of the length field in explicit encoding. */
  readonly lengthBytes?: 2 | 4;
  readonly implicit?: boolean;
  readonly explicit?: boolean;
  /** Sequence and items: by length or by delimiter. */
  readonly undefinedLength?: boolean;
  readonly undefinedItems?: boolean;
  /** The value of a sequence is in implicit little endian, as PS3.5 §6.2.2 wants it under UN. */
  readonly implicitItems?: boolean;
  /** Delimiters although the length is stated. */
  readonly strayItemEnd?: boolean;
  readonly straySequenceEnd?: boolean;
  /** Added to the stated lengths. */
  readonly sequenceLengthError?: number;
  readonly itemLengthError?: number;
}

export interface WrittenEncoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

const long = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const undefinedLength = 0xffffffff;

export function elementBytes(elements: readonly WrittenElement[], encoding: WrittenEncoding): Buffer {
  return Buffer.concat([...elements].sort((a, b) => a.tag - b.tag).map((one) => oneElement(one, encoding)));
}

function oneElement(element: WrittenElement, outer: WrittenEncoding): Buffer {
  const { style = {}, vr } = element;
  const encoding = { ...outer, explicit: style.implicit ? false : style.explicit ? true : outer.explicit };
  const inner = style.implicitItems ? { explicit: false, littleEndian: true } : outer;
  const isUndefined = style.undefinedLength === true || element.fragments !== undefined;
  const value = element.fragments
    ? fragmentBytes(element.fragments, outer)
    : element.items
      ? itemsBytes(element.items, style, inner, isUndefined)
      : ordered(element.bytes ?? Buffer.alloc(0), element.word ?? 1, outer.littleEndian);
  const stray = !isUndefined && style.straySequenceEnd ? delimiter(0xe0dd, outer) : Buffer.alloc(0);
  const length = isUndefined ? undefinedLength : value.length + (style.sequenceLengthError ?? 0);
  return Buffer.concat([headerBytes(element.tag, vr, length, style, encoding), value, stray]);
}

function headerBytes(tag: number, vr: string, length: number, style: ElementStyle, { explicit, littleEndian }: WrittenEncoding): Buffer {
  if (!explicit) return Buffer.concat([tagBytes(tag, littleEndian), uint32(length, littleEndian)]);
  const letters = style.letters ?? vr;
  const bytes = style.lengthBytes ?? (long.has(letters) ? 4 : 2);
  const field = bytes === 2 ? uint16(length & 0xffff, littleEndian) : Buffer.concat([Buffer.alloc(2), uint32(length, littleEndian)]);
  return Buffer.concat([tagBytes(tag, littleEndian), Buffer.from(letters, 'latin1'), field]);
}

function itemsBytes(items: readonly (readonly WrittenElement[])[], style: ElementStyle, encoding: WrittenEncoding, ended: boolean): Buffer {
  const written = items.map((item) => {
    const content = elementBytes(item, encoding);
    const open = style.undefinedItems === true;
    const length = open ? undefinedLength : content.length + (style.itemLengthError ?? 0);
    return Buffer.concat([
      tagBytes(0xfffee000, encoding.littleEndian),
      uint32(length, encoding.littleEndian),
      content,
      open || style.strayItemEnd ? delimiter(0xe00d, encoding) : Buffer.alloc(0),
    ]);
  });
  return Buffer.concat([...written, ended ? delimiter(0xe0dd, encoding) : Buffer.alloc(0)]);
}

function fragmentBytes(fragments: readonly Buffer[], encoding: WrittenEncoding): Buffer {
  return Buffer.concat([
    ...fragments.flatMap((one) => [tagBytes(0xfffee000, encoding.littleEndian), uint32(one.length, encoding.littleEndian), one]),
    delimiter(0xe0dd, encoding),
  ]);
}

function delimiter(element: number, { littleEndian }: WrittenEncoding): Buffer {
  return Buffer.concat([tagBytes((0xfffe0000 | element) >>> 0, littleEndian), Buffer.alloc(4)]);
}

function tagBytes(tag: number, littleEndian: boolean): Buffer {
  return Buffer.concat([uint16(tag >>> 16, littleEndian), uint16(tag & 0xffff, littleEndian)]);
}

function uint16(value: number, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(2);
  if (littleEndian) bytes.writeUInt16LE(value);
  else bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(4);
  if (littleEndian) bytes.writeUInt32LE(value >>> 0);
  else bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function ordered(bytes: Buffer, word: 1 | 2 | 4, littleEndian: boolean): Buffer {
  if (littleEndian || word === 1) return bytes;
  const copy = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % word)));
  return word === 2 ? copy.swap16() : copy.swap32();
}
