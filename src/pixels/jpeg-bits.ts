/**
 * Huffman-coded bits of a JPEG scan (ISO/IEC 10918-1 §F.2.2, §C). Stuffed zero bytes are removed on the way; at a marker
 * the reader stops and gives zeros, and `overrun` tells a truncated scan from a whole one.
 */
export class BitReader {
  /** Bits given that were not there. */
  overrun = 0;
  private bits = 0;
  private count = 0;

  constructor(private readonly bytes: Uint8Array, public position: number) {}

  /** Category or run/size symbol under the next code. @throws Error if no code of the table fits */
  symbol(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const entry = table.short[this.bits >>> (32 - shortBits)]!;
    if (entry !== 0) {
      const length = entry >>> 8;
      this.bits <<= length;
      this.count -= length;
      return entry & 0xff;
    }
    return this.longSymbol(table);
  }

  private longSymbol(table: HuffmanTable): number {
    const next = this.bits >>> 16;
    for (let length = shortBits + 1; length <= 16; length++) {
      const code = next >>> (16 - length);
      const offset = code - table.firstCode[length]!;
      if (offset >= 0 && offset < table.counts[length]!) {
        this.bits <<= length;
        this.count -= length;
        return table.symbols[table.firstSymbol[length]! + offset]!;
      }
    }
    throw new Error('a Huffman code that no table has');
  }

  /** RECEIVE and EXTEND (§F.2.2.1): `size` bits, 0 to 16, as a signed difference. */
  difference(size: number): number {
    if (size === 0) return 0;
    if (this.count < size) this.fill();
    const value = this.bits >>> (32 - size);
    // A shift by 16 twice, since size may be 16 and the rest of the register must not be lost to a shift by 32.
    this.bits <<= size;
    this.count -= size;
    return value < 2 ** (size - 1) ? value - 2 ** size + 1 : value;
  }

  private fill(): void {
    const { bytes } = this;
    while (this.count <= 24) {
      let byte = 0;
      if (this.position < bytes.length) {
        byte = bytes[this.position]!;
        if (byte !== 0xff) this.position++;
        else if (bytes[this.position + 1] === 0) this.position += 2;
        else {
          byte = 0;
          this.overrun += 8;
        }
      } else this.overrun += 8;
      this.bits |= byte << (24 - this.count);
      this.count += 8;
    }
  }

  /** True if more bits were used than there were. */
  get exhausted(): boolean {
    return this.overrun > this.count;
  }

  /** Drops the rest of the byte and steps over a restart marker (§E.2.4). @throws Error if none stands there */
  restart(): void {
    const { bytes } = this;
    this.bits = 0;
    this.count = 0;
    this.overrun = 0;
    while (this.position + 1 < bytes.length && !(bytes[this.position] === 0xff && bytes[this.position + 1]! >= 0xd0 && bytes[this.position + 1]! <= 0xd7)) {
      if (bytes[this.position] === 0xff && bytes[this.position + 1] === 0xd9) break;
      this.position++;
    }
    if (this.position + 1 >= bytes.length || bytes[this.position + 1] === 0xd9) throw new Error('a restart marker is missing');
    this.position += 2;
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
  const table = { short: new Uint16Array(1 << shortBits), symbols, counts: new Uint16Array(17), firstCode: new Int32Array(17), firstSymbol: new Int32Array(17) };
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
