/** Zeros behind the coded bytes, so that reading ahead needs no test. */
const padding = 16;

/** Coded bytes from `start` up to the next marker, stuffed zeros removed, and `padding` zeros behind them. */
export interface CodedBytes {
  readonly plain: Uint8Array;
  /** Of the coded bytes in `plain`. */
  readonly length: number;
  /** Offset of the marker in the file. */
  readonly end: number;
}

/** Removes byte stuffing (ISO/IEC 10918-1 §B.1.1.5). */
export function codedBytes(bytes: Uint8Array, start: number): CodedBytes {
  const parts: [from: number, to: number][] = [];
  let length = 0;
  let from = start;
  let end = bytes.length;
  for (;;) {
    const at = bytes.indexOf(0xff, from);
    const stuffed = at >= 0 && bytes[at + 1] === 0;
    const to = at < 0 ? bytes.length : stuffed ? at + 1 : at;
    parts.push([from, to]);
    length += to - from;
    if (!stuffed) {
      end = to;
      break;
    }
    from = at + 2;
  }
  const plain = new Uint8Array(length + padding);
  let at = 0;
  for (const [begin, to] of parts) {
    plain.set(bytes.subarray(begin, to), at);
    at += to - begin;
  }
  return { plain, length, end };
}

/**
 * Huffman-coded bits of a JPEG scan (ISO/IEC 10918-1 §F.2.2, §C). Behind the coded data it gives zeros; `exhausted` tells a
 * truncated scan from a whole one.
 */
export class BitReader {
  /** Offset of the marker behind the bytes being read. */
  position: number;
  private coded: CodedBytes;
  private at = 0;
  protected bits = 0;
  protected count = 0;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
  ) {
    this.coded = codedBytes(bytes, start);
    this.position = this.coded.end;
  }

  /** Category or run/size symbol under the next code. @throws Error if no code of the table fits */
  symbol(table: HuffmanTable): number {
    if (this.count <= 16) this.fill();
    const entry = table.short[this.bits >>> (32 - shortBits)]!;
    if (entry === 0) return this.longSymbol(table);
    const length = entry >>> 8;
    this.bits <<= length;
    this.count -= length;
    return entry & 0xff;
  }

  /** RECEIVE and EXTEND (§F.2.2.1): `size` bits, 0 to 16, as a signed difference. */
  difference(size: number): number {
    if (size === 0) return 0;
    if (this.count <= 16) this.fill();
    const value = this.bits >>> (32 - size);
    this.bits <<= size;
    this.count -= size;
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** True if more bits were used than there were. */
  get exhausted(): boolean {
    return this.at - (this.count >> 3) > this.coded.length;
  }

  /** Drops the rest of the segment and goes on behind the restart marker (§E.2.4). @throws Error if none stands there */
  restart(): void {
    const marker = this.bytes[this.position + 1] ?? 0;
    if (marker < 0xd0 || marker > 0xd7) throw new Error('a restart marker is missing');
    this.coded = codedBytes(this.bytes, this.position + 2);
    this.position = this.coded.end;
    this.at = 0;
    this.bits = 0;
    this.count = 0;
  }

  protected fill(): void {
    const { plain } = this.coded;
    this.bits |= ((plain[this.at]! << 8) | plain[this.at + 1]!) << (16 - this.count);
    this.at += 2;
    this.count += 16;
  }

  private longSymbol(table: HuffmanTable): number {
    const next = this.bits >>> 16;
    for (let length = shortBits + 1; length <= 16; length++) {
      const offset = (next >>> (16 - length)) - table.firstCode[length]!;
      if (offset >= 0 && offset < table.counts[length]!) {
        this.bits <<= length;
        this.count -= length;
        return table.symbols[table.firstSymbol[length]! + offset]!;
      }
    }
    throw new Error('a Huffman code that no table has');
  }
}

const shortBits = 11;

export interface HuffmanTable {
  /** By the next `shortBits` bits: length << 8 | symbol, 0 where the code is longer. */
  readonly short: Uint16Array;
  readonly symbols: Uint8Array;
  /** By code length, 1 to 16. */
  readonly counts: Uint16Array;
  readonly firstCode: Int32Array;
  readonly firstSymbol: Int32Array;
}

/** @param lengths number of codes of 1 to 16 bits (§C.2) @throws Error if they are more than fit */
export function huffmanTable(lengths: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = {
    short: new Uint16Array(1 << shortBits),
    symbols,
    counts: new Uint16Array(17),
    firstCode: new Int32Array(17),
    firstSymbol: new Int32Array(17),
  };
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    const count = lengths[length - 1]!;
    if (code + count > 2 ** length || index + count > symbols.length) throw new Error('a Huffman table with too many codes');
    table.counts[length] = count;
    table.firstCode[length] = code;
    table.firstSymbol[length] = index;
    for (let i = 0; i < count; i++, code++, index++) {
      if (length > shortBits) continue;
      const start = code << (shortBits - length);
      table.short.fill((length << 8) | symbols[index]!, start, start + (1 << (shortBits - length)));
    }
    code <<= 1;
  }
  return table;
}
