import { codedBytes } from './jpeg-bits.js';
import type { CodedBytes, HuffmanTable } from './jpeg-bits.js';

/** A code and its difference bits together are rarely longer in a lossless JPEG. */
const peekBits = 12;

/**
 * The difference stream of a lossless scan of one component without restarts, read in bulk: the case of every radiograph,
 * and worth its own code, since one table look-up gives a whole difference. About five times as fast as BitReader.
 */
export class DifferenceReader {
  /** By the next `peekBits` bits: difference × 32 + length; 0 where code and difference are longer. */
  private readonly whole: Int32Array;
  private readonly coded: CodedBytes;
  private position = 0;
  private bits = 0;
  private count = 0;

  constructor(
    bytes: Uint8Array,
    start: number,
    private readonly table: HuffmanTable,
  ) {
    this.coded = codedBytes(bytes, start);
    this.whole = wholeDifferences(table);
  }

  /** Offset of the marker behind the coded data. */
  get end(): number {
    return this.coded.end;
  }

  /** Fills `differences`. @throws Error at a code that the table does not have or where the data end early */
  read(differences: Int32Array): void {
    const {
      whole,
      coded: { plain, length: codedLength },
    } = this;
    let { position, bits, count } = this;
    for (let i = 0; i < differences.length; i++) {
      if (count <= 16) {
        bits |= ((plain[position]! << 8) | plain[position + 1]!) << (16 - count);
        position += 2;
        count += 16;
      }
      const entry = whole[bits >>> (32 - peekBits)]!;
      if (entry !== 0) {
        const length = entry & 31;
        bits <<= length;
        count -= length;
        differences[i] = entry >> 5;
        continue;
      }
      const size = this.longSymbol(bits >>> 16);
      bits <<= size >> 8;
      count -= size >> 8;
      const category = size & 0xff;
      if (category === 16) {
        differences[i] = 32768;
        continue;
      }
      if (count <= 16) {
        bits |= ((plain[position]! << 8) | plain[position + 1]!) << (16 - count);
        position += 2;
        count += 16;
      }
      differences[i] = extended(category === 0 ? 0 : bits >>> (32 - category), category);
      bits <<= category;
      count -= category;
    }
    this.position = position;
    this.bits = bits;
    this.count = count;
    // Zeros stand behind the data so that reading ahead is safe; being there with used-up bits is not.
    if (position - (count >> 3) > codedLength) throw new Error('the coded data end early');
  }

  /** length << 8 | category of the code at the top of 16 bits. */
  private longSymbol(next: number): number {
    const { counts, firstCode, firstSymbol, symbols } = this.table;
    for (let length = 1; length <= 16; length++) {
      const offset = (next >>> (16 - length)) - firstCode[length]!;
      if (offset >= 0 && offset < counts[length]!) return (length << 8) | Math.min(16, symbols[firstSymbol[length]! + offset]!);
    }
    throw new Error('a Huffman code that no table has');
  }
}

function wholeDifferences(table: HuffmanTable): Int32Array {
  const whole = new Int32Array(1 << peekBits);
  for (let length = 1; length <= peekBits; length++) {
    for (let k = 0; k < table.counts[length]!; k++) {
      const category = table.symbols[table.firstSymbol[length]! + k]!;
      const total = length + category;
      if (category > 15 || total > peekBits) continue;
      const base = (table.firstCode[length]! + k) << category;
      for (let value = 0; value < 1 << category; value++) {
        const first = (base + value) << (peekBits - total);
        whole.fill(extended(value, category) * 32 + total, first, first + (1 << (peekBits - total)));
      }
    }
  }
  return whole;
}

/** EXTEND (ISO/IEC 10918-1 §F.2.2.1). */
function extended(value: number, size: number): number {
  return size > 0 && value < 2 ** (size - 1) ? value - 2 ** size + 1 : value;
}
