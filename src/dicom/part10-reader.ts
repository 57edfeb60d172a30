import { Fault } from '../errors.js';
import { textDecoderFor } from './character-set.js';
import type { DecodeText } from './character-set.js';
import { attributeOfTag, tagDigits, tagName, tagText } from './dictionary.js';
import { textsOf } from './data-set.js';
import { hasKnownVr, headerAt, itemEndTag, itemTag, sequenceEndTag, startsElement, tagAt, undefinedLength } from './element-header.js';
import type { ElementHeader, Encoding } from './element-header.js';
import { holdsFragments } from './undefined-length.js';
import { valueOf } from './value.js';

export type { Encoding } from './element-header.js';

/** Pixel Data (7FE0,0010) as it stands in the file (PS3.5 §8.2, §A.4); views of the file's bytes, not copies. */
export type StoredPixelData =
  | { readonly kind: 'native'; readonly bytes: Uint8Array; readonly vr: string }
  | { readonly kind: 'encapsulated'; readonly offsetTable: Uint8Array; readonly fragments: readonly Uint8Array[] };

type MutableDataSet = Record<string, unknown>;

interface Level {
  /** The items of a sequence, or one data set. */
  readonly items: MutableDataSet[] | undefined;
  readonly dataSet: MutableDataSet;
  /** Offset behind the last byte; undefined if a delimiter ends it. Grows where what is inside shows that it was stated too short. */
  end: number | undefined;
  /** No child may reach beyond this. */
  bound: number;
  readonly encoding: Encoding;
  readonly tag: number;
  /** A sequence that went on behind its stated end: it ends where no further item follows. */
  readonly goesOn?: boolean;
  decodeText: DecodeText;
  signedPixels: boolean;
}

const pixelData = 0x7fe00010;
/** Real objects nest less than ten deep. */
const maxDepth = 64;
/** Elements and items of one file; an enhanced CT of 2,000 frames has about 200,000. */
const maxElements = 1_000_000;

/**
 * Reads data elements (PS3.5 §7).
 *
 * Why not dcmjs's reader: it recurses into sequences, trusts lengths and copies pixel data, so that a malformed file
 * overflows the stack or takes minutes. This one walks the bytes with an explicit stack and copies nothing.
 *
 * Lengths and delimiters of sequences and items often contradict each other in real files. What lies inside is believed before
 * what encloses it: an item that reaches beyond its sequence makes the sequence longer, if a data element follows behind it.
 */
export class DataSetReader {
  offset: number;
  pixelData: StoredPixelData | undefined;
  readonly dataSet: MutableDataSet = {};
  private readonly view: DataView;
  private readonly levels: Level[] = [];
  private elements = 0;
  /** The sequence of stated length that ended last, and where. */
  private closed: { readonly level: Level; at: number } | undefined;

  /**
   * @param stopAt the first tag that is not read any more
   * @param instance SOP Instance UID as the File Meta Information has it, for faults before the data set's own is read
   */
  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    private readonly encoding: Encoding,
    private readonly stopAt: number,
    private readonly instance?: string,
  ) {
    this.offset = start;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Reads up to the end of the bytes, `stopAt`, or behind Pixel Data, whatever comes first. */
  read(): void {
    this.start(undefined);
  }

  /** The items of a sequence, if the bytes are the value of one. */
  readItems(): readonly MutableDataSet[] {
    const items: MutableDataSet[] = [];
    this.start(items);
    return items;
  }

  private start(items: MutableDataSet[] | undefined): void {
    this.levels.push({
      items,
      dataSet: this.dataSet,
      end: this.bytes.length,
      bound: this.bytes.length,
      encoding: this.encoding,
      tag: 0,
      decodeText: textDecoderFor([]),
      signedPixels: false,
    });
    for (let level = this.levels.at(-1); level; level = this.levels.at(-1)) {
      if (level.end !== undefined && this.offset >= level.end) {
        this.levels.pop();
        if (level.items) this.closed = { level, at: this.offset };
      } else if (level.items) this.readItem(level, level.items);
      else if (!this.readElement(level)) return;
    }
  }

  private readItem(level: Level, items: MutableDataSet[]): void {
    const start = this.offset;
    const tag = this.readTag(level);
    if (level.goesOn && tag !== itemTag && tag !== sequenceEndTag) {
      this.offset = start;
      this.levels.pop();
      return;
    }
    const length = this.readUint32(level, tag);
    if (tag === sequenceEndTag) {
      this.levels.pop();
      return;
    }
    // The delimiter of an item that had its length stated.
    if (tag === itemEndTag) return;
    if (tag !== itemTag) {
      this.offset = start;
      this.endWithoutItem(level, items, tag);
      return;
    }
    const dataSet: MutableDataSet = {};
    items.push(dataSet);
    this.push(level, level.tag, length, undefined, dataSet, this.encodingOfItem(level.encoding));
  }

  /** Something that is no item stands in a sequence: its last item was stated too short, or the sequence too long. */
  private endWithoutItem(level: Level, items: readonly MutableDataSet[], tag: number): void {
    const last = items.at(-1);
    const parent = this.levels.at(-2);
    const isElement = startsElement(this.view, this.offset, level.encoding, 0);
    if (isElement && last && (level.end === undefined || startsElement(this.view, level.end, level.encoding, level.tag))) {
      this.levels.push({
        items: undefined,
        dataSet: last,
        end: level.end,
        bound: level.bound,
        encoding: level.encoding,
        tag: level.tag,
        decodeText: level.decodeText,
        signedPixels: level.signedPixels,
      });
    } else if (parent && level.end !== undefined && startsElement(this.view, this.offset, parent.encoding, level.tag)) this.levels.pop();
    else throw this.fault(level.tag, `an item was expected at byte ${this.offset}, ${tagText(tag)} was found`);
  }

  /** Items of a sequence that was once UN, or of an implicit file, may be in explicit encoding all the same. */
  private encodingOfItem(encoding: Encoding): Encoding {
    return encoding.explicit || !hasKnownVr(this.view, this.offset) ? encoding : { ...encoding, explicit: true };
  }

  /** @returns false where reading ends */
  private readElement(level: Level): boolean {
    const start = this.offset;
    const tag = this.readTag(level);
    if (this.levels.length === 1 && tag >= this.stopAt) {
      this.offset = start;
      return false;
    }
    if (tag === itemTag || tag === itemEndTag || tag === sequenceEndTag) {
      this.readDelimiter(level, tag, start);
      return true;
    }
    const header = this.readHeader(level, tag, start);
    const { vr, length, encoding } = header;
    if (tag === pixelData && this.levels.length === 1) {
      this.pixelData =
        length === undefinedLength
          ? encapsulated(this.readFragments(level, tag))
          : { kind: 'native', bytes: this.take(level, tag, length), vr };
      return false;
    }
    if (length === undefinedLength && holdsFragments(this.view, this.offset, level.bound, tag, header)) {
      const from = this.offset;
      this.readFragments(level, tag);
      level.dataSet[keyOf(tag)] = this.bytes.subarray(from, this.offset);
      return true;
    }
    if (vr === 'SQ' || length === undefinedLength) {
      const items: MutableDataSet[] = [];
      level.dataSet[keyOf(tag)] = items;
      this.push(level, tag, length, items, level.dataSet, encoding);
      return true;
    }
    this.store(level, tag, header, this.take(level, tag, length));
    return true;
  }

  /** Delimiters and items where a data element was expected. */
  private readDelimiter(level: Level, tag: number, start: number): void {
    const isItem = this.levels.length > 1;
    const follows = this.closed?.at === start ? this.closed : undefined;
    if (tag === itemTag) {
      this.offset = start;
      if (follows) this.levels.push({ ...follows.level, end: undefined, bound: level.bound, goesOn: true });
      else if (isItem) this.levels.pop();
      else throw this.fault(0, `an item stands outside a sequence at byte ${start}`);
      return;
    }
    this.readUint32(level, tag);
    // Of a sequence that had its length stated.
    if (follows) follows.at = this.offset;
    else if (isItem) {
      if (tag === sequenceEndTag) this.offset = start;
      this.levels.pop();
    }
  }

  private store(level: Level, tag: number, { vr, encoding: { littleEndian } }: ElementHeader, bytes: Uint8Array): void {
    const { decodeText, signedPixels } = level;
    const value = valueOf(vr, bytes, { littleEndian: vr === 'UN' || littleEndian, decodeText, signedPixels });
    const key = keyOf(tag);
    level.dataSet[key] = value;
    if (key === 'SpecificCharacterSet') level.decodeText = textDecoderFor(textsOf(level.dataSet, key));
    if (key === 'PixelRepresentation') level.signedPixels = value === 1;
  }

  private readHeader(level: Level, tag: number, start: number): ElementHeader {
    this.demand(level, tag, 4);
    const header = headerAt(this.view, start, level.bound, level.encoding);
    if (!header) throw this.fault(tag, `no value representation at byte ${start + 4}`);
    this.demand(level, tag, header.size - 4);
    this.offset = start + header.size;
    return header;
  }

  /** PS3.5 §A.4: the offset table, then fragments. A missing sequence delimiter at the end of the file is forgiven. */
  private readFragments(level: Level, of: number): readonly Uint8Array[] {
    const fragments: Uint8Array[] = [];
    while (this.offset + 8 <= level.bound) {
      const tag = this.readTag(level);
      const length = this.readUint32(level, of);
      if (tag === sequenceEndTag) break;
      if (tag !== itemTag || length === undefinedLength)
        throw this.fault(of, `a fragment was expected at byte ${this.offset - 8}, ${tagText(tag)} was found`);
      fragments.push(this.take(level, of, length));
    }
    return fragments;
  }

  /** Goes into a sequence (`items`) or one of its items. */
  private push(
    parent: Level,
    tag: number,
    length: number,
    items: MutableDataSet[] | undefined,
    dataSet: MutableDataSet,
    encoding: Encoding,
  ): void {
    if (this.levels.length >= maxDepth * 2) throw this.fault(parent.tag, `sequences nested more than ${maxDepth} deep`);
    if (++this.elements > maxElements) throw this.fault(parent.tag, `more than ${maxElements} elements`);
    const end = length === undefinedLength ? undefined : this.offset + length;
    if (end !== undefined) this.makeRoom(parent, tag, length);
    this.levels.push({
      items,
      dataSet,
      end,
      bound: end ?? parent.bound,
      encoding,
      tag,
      decodeText: parent.decodeText,
      signedPixels: parent.signedPixels,
    });
  }

  private take(level: Level, tag: number, length: number): Uint8Array {
    if (++this.elements > maxElements) throw this.fault(tag, `more than ${maxElements} elements`);
    this.makeRoom(level, tag, length);
    const value = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return value;
  }

  /** @throws Fault if a length reaches beyond what encloses it and nothing speaks for it */
  private makeRoom(level: Level, tag: number, length: number): void {
    const end = this.offset + length;
    if (end <= level.bound) return;
    if (end > this.bytes.length || !startsElement(this.view, end, level.encoding, this.levels[1]?.tag ?? 0)) {
      throw this.fault(tag, `the stated length ${length} at byte ${this.offset} reaches beyond byte ${level.bound}`);
    }
    for (const one of this.levels) {
      if (one.end !== undefined) one.end = Math.max(one.end, end);
      one.bound = Math.max(one.bound, end);
    }
  }

  private readTag(level: Level): number {
    this.demand(level, level.tag, 4);
    this.offset += 4;
    return tagAt(this.view, this.offset - 4, level.encoding.littleEndian);
  }

  private readUint32(level: Level, tag: number): number {
    this.demand(level, tag, 4);
    this.offset += 4;
    return this.view.getUint32(this.offset - 4, level.encoding.littleEndian);
  }

  private demand(level: Level, tag: number, count: number): void {
    if (this.offset + count > level.bound) throw this.fault(tag, `the data end at byte ${level.bound} in the middle of an element`);
  }

  private fault(tag: number, detail: string): Fault {
    const sopInstanceUID = this.dataSet['SOPInstanceUID'] ?? this.instance ?? this.dataSet['MediaStorageSOPInstanceUID'];
    return new Fault('dicom-unreadable', detail, {
      attribute: tagName(tag),
      ...(typeof sopInstanceUID === 'string' && sopInstanceUID !== '' ? { sopInstanceUID } : {}),
    });
  }
}

function encapsulated(fragments: readonly Uint8Array[]): StoredPixelData {
  return { kind: 'encapsulated', offsetTable: fragments[0] ?? new Uint8Array(0), fragments: fragments.slice(1) };
}

function keyOf(tag: number): string {
  return attributeOfTag(tag)?.keyword ?? tagDigits(tag);
}
