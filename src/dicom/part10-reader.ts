import { Fault } from '../errors.js';
import { textDecoderFor } from './character-set.js';
import type { DecodeText } from './character-set.js';
import { attributeOfTag, tagDigits, tagName, tagText } from './dictionary.js';
import { textsOf } from './data-set.js';
import { valueOf } from './value.js';

/**
 * Why not dcmjs's reader: it recurses into sequences, trusts lengths and copies pixel data, so that a hostile file
 * overflows the stack or takes minutes. This one walks the bytes with an explicit stack and copies nothing.
 */
export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

/** Pixel Data (7FE0,0010) as it stands in the file (PS3.5 §8.2, §A.4); views of the file's bytes, not copies. */
export type StoredPixelData =
  | { readonly kind: 'native'; readonly bytes: Uint8Array; readonly vr: string }
  | { readonly kind: 'encapsulated'; readonly offsetTable: Uint8Array; readonly fragments: readonly Uint8Array[] };

type MutableDataSet = Record<string, unknown>;

interface Level {
  /** The items of a sequence, or one data set. */
  readonly items: MutableDataSet[] | undefined;
  readonly dataSet: MutableDataSet;
  /** Offset behind the last byte; undefined if a delimiter ends it. */
  readonly end: number | undefined;
  /** No child may reach beyond this. */
  readonly bound: number;
  readonly encoding: Encoding;
  readonly tag: number;
  decodeText: DecodeText;
  signedPixels: boolean;
}

const undefinedLength = 0xffffffff;
const item = 0xfffee000;
const itemEnd = 0xfffee00d;
const sequenceEnd = 0xfffee0dd;
const pixelData = 0x7fe00010;
/** Real objects nest less than ten deep. */
const deepest = 64;
/** Elements and items of one file; an enhanced CT of 2,000 frames has about 200,000. */
const mostElements = 1_000_000;
/** VRs with a 32-bit length in explicit encoding (PS3.5 §7.1.2). */
const shortLength = new Set(['AE', 'AS', 'AT', 'CS', 'DA', 'DS', 'DT', 'FL', 'FD', 'IS', 'LO', 'LT', 'PN', 'SH', 'SL', 'SS', 'ST', 'TM', 'UI', 'UL', 'US']);
const implicitLittleEndian: Encoding = { explicit: false, littleEndian: true };

export class DataSetReader {
  offset: number;
  pixelData: StoredPixelData | undefined;
  readonly dataSet: MutableDataSet = {};
  private readonly view: DataView;
  private readonly levels: Level[] = [];
  private elements = 0;

  /**
   * @param stopAt the first tag that is not read any more
   * @param instance SOP Instance UID as the File Meta Information has it, for faults before the data set's own is read
   */
  constructor(private readonly bytes: Uint8Array, start: number, private readonly encoding: Encoding, private readonly stopAt: number, private readonly instance?: string) {
    this.offset = start;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Reads up to the end of the bytes, `stopAt`, or behind Pixel Data, whatever comes first. */
  read(): void {
    this.levels.push({ items: undefined, dataSet: this.dataSet, end: this.bytes.length, bound: this.bytes.length, encoding: this.encoding, tag: 0, decodeText: textDecoderFor([]), signedPixels: false });
    for (let level = this.levels.at(-1); level; level = this.levels.at(-1)) {
      if (level.end !== undefined && this.offset >= level.end) this.levels.pop();
      else if (level.items) this.readItem(level, level.items);
      else if (!this.readElement(level)) return;
    }
  }

  private readItem(level: Level, items: MutableDataSet[]): void {
    const tag = this.readTag(level);
    const length = this.readUint32(level, tag);
    if (tag === sequenceEnd) {
      this.levels.pop();
      return;
    }
    if (tag !== item) throw this.fault(level.tag, `an item was expected at byte ${this.offset - 8}, ${tagText(tag)} was found`);
    const dataSet: MutableDataSet = {};
    items.push(dataSet);
    this.push(level, level.tag, length, undefined, dataSet, level.encoding);
  }

  /** @returns false where reading ends */
  private readElement(level: Level): boolean {
    const start = this.offset;
    const tag = this.readTag(level);
    if (this.levels.length === 1 && tag >= this.stopAt) {
      this.offset = start;
      return false;
    }
    if (tag === itemEnd) {
      this.readUint32(level, tag);
      if (level.end !== undefined) throw this.fault(level.tag, 'an item of stated length is ended by a delimiter');
      this.levels.pop();
      return true;
    }
    const { vr, length, encoding } = this.readHeader(level, tag);
    if (tag === pixelData && this.levels.length === 1) {
      this.pixelData = length === undefinedLength ? this.readFragments(level) : { kind: 'native', bytes: this.take(level, tag, length), vr };
      return false;
    }
    if (vr === 'SQ' || length === undefinedLength) {
      const items: MutableDataSet[] = [];
      level.dataSet[keyOf(tag)] = items;
      this.push(level, tag, length, items, level.dataSet, encoding);
      return true;
    }
    this.keep(level, tag, vr, this.take(level, tag, length));
    return true;
  }

  private keep(level: Level, tag: number, vr: string, bytes: Uint8Array): void {
    const { encoding: { littleEndian }, decodeText, signedPixels } = level;
    const value = valueOf(vr, bytes, { littleEndian: vr === 'UN' || littleEndian, decodeText, signedPixels });
    const key = keyOf(tag);
    level.dataSet[key] = value;
    if (key === 'SpecificCharacterSet') level.decodeText = textDecoderFor(textsOf(level.dataSet, key));
    if (key === 'PixelRepresentation') level.signedPixels = value === 1;
  }

  private readHeader(level: Level, tag: number): { vr: string; length: number; encoding: Encoding } {
    const { encoding } = level;
    const known = attributeOfTag(tag);
    if (!encoding.explicit) return { vr: known?.vr ?? 'UN', length: this.readUint32(level, tag), encoding };
    const vr = String.fromCharCode(this.readByte(level, tag), this.readByte(level, tag));
    if (!/^[A-Z]{2}$/.test(vr)) throw this.fault(tag, `no value representation at byte ${this.offset - 2}`);
    const short = shortLength.has(vr);
    const high = this.readUint16(level, tag);
    const length = short ? high : this.readUint32(level, tag);
    // PS3.5 §6.2.2: UN of undefined length is a sequence in implicit little endian; UN of a known attribute is its value, so encoded.
    if (vr === 'UN' && length === undefinedLength) return { vr, length, encoding: implicitLittleEndian };
    if (vr === 'UN' && known && known.vr !== 'SQ' && encoding.littleEndian) return { vr: known.vr, length, encoding };
    return { vr, length, encoding };
  }

  /** PS3.5 §A.4: the offset table, then fragments. A missing sequence delimiter at the end of the file is forgiven. */
  private readFragments(level: Level): StoredPixelData {
    const fragments: Uint8Array[] = [];
    while (this.offset + 8 <= this.bytes.length) {
      const tag = this.readTag(level);
      const length = this.readUint32(level, pixelData);
      if (tag === sequenceEnd) break;
      if (tag !== item || length === undefinedLength) throw this.fault(pixelData, `a fragment was expected at byte ${this.offset - 8}, ${tagText(tag)} was found`);
      fragments.push(this.take(level, pixelData, length));
      if (++this.elements > mostElements) throw this.fault(pixelData, `more than ${mostElements} elements`);
    }
    return { kind: 'encapsulated', offsetTable: fragments[0] ?? new Uint8Array(0), fragments: fragments.slice(1) };
  }

  /** Goes into a sequence (`items`) or one of its items. */
  private push(parent: Level, tag: number, length: number, items: MutableDataSet[] | undefined, dataSet: MutableDataSet, encoding: Encoding): void {
    if (this.levels.length >= deepest * 2) throw this.fault(parent.tag, `sequences nested more than ${deepest} deep`);
    if (++this.elements > mostElements) throw this.fault(parent.tag, `more than ${mostElements} elements`);
    const end = length === undefinedLength ? undefined : this.offset + length;
    if (end !== undefined && end > parent.bound) throw this.tooLong(parent, tag, length);
    this.levels.push({ items, dataSet, end, bound: end ?? parent.bound, encoding, tag, decodeText: parent.decodeText, signedPixels: parent.signedPixels });
  }

  private take(level: Level, tag: number, length: number): Uint8Array {
    if (++this.elements > mostElements) throw this.fault(tag, `more than ${mostElements} elements`);
    const end = this.offset + length;
    if (end > level.bound) throw this.tooLong(level, tag, length);
    const value = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return value;
  }

  private readTag(level: Level): number {
    const group = this.readUint16(level, level.tag);
    return ((group << 16) | this.readUint16(level, level.tag)) >>> 0;
  }

  private readByte(level: Level, tag: number): number {
    this.demand(level, tag, 1);
    return this.view.getUint8(this.offset++);
  }

  private readUint16(level: Level, tag: number): number {
    this.demand(level, tag, 2);
    this.offset += 2;
    return this.view.getUint16(this.offset - 2, level.encoding.littleEndian);
  }

  private readUint32(level: Level, tag: number): number {
    this.demand(level, tag, 4);
    this.offset += 4;
    return this.view.getUint32(this.offset - 4, level.encoding.littleEndian);
  }

  private demand(level: Level, tag: number, count: number): void {
    if (this.offset + count > level.bound) throw this.fault(tag, `the data end at byte ${level.bound} in the middle of an element`);
  }

  private tooLong(level: Level, tag: number, length: number): Fault {
    return this.fault(tag, `the stated length ${length} at byte ${this.offset} reaches beyond byte ${level.bound}`);
  }

  private fault(tag: number, detail: string): Fault {
    const sopInstanceUID = this.dataSet['SOPInstanceUID'] ?? this.instance ?? this.dataSet['MediaStorageSOPInstanceUID'];
    return new Fault('dicom-unreadable', detail, {
      attribute: tagName(tag),
      ...(typeof sopInstanceUID === 'string' && sopInstanceUID !== '' ? { sopInstanceUID } : {}),
    });
  }
}

function keyOf(tag: number): string {
  return attributeOfTag(tag)?.keyword ?? tagDigits(tag);
}
