import { BitReader } from './jpeg-bits.js';
import type { HuffmanTable } from './jpeg-bits.js';

/** A run, a size and the value's bits together are seldom longer. */
const peekBits = 12;

/** A Huffman table of AC coefficients with whole coefficients looked up at once. */
export interface CoefficientTable {
  readonly huffman: HuffmanTable;
  /** By the next `peekBits` bits: value << 16 | run << 8 | length; 0 where they are more, and for end of block and long runs. */
  readonly whole: Int32Array;
}

export function coefficientTable(huffman: HuffmanTable): CoefficientTable {
  const whole = new Int32Array(1 << peekBits);
  for (let length = 1; length <= peekBits; length++) {
    for (let k = 0; k < huffman.counts[length]!; k++) {
      const symbol = huffman.symbols[huffman.firstSymbol[length]! + k]!;
      const size = symbol & 15;
      const total = length + size;
      if (size === 0 || total > peekBits) continue;
      const base = (huffman.firstCode[length]! + k) << size;
      for (let bits = 0; bits < 1 << size; bits++) {
        const value = bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
        const first = (base + bits) << (peekBits - total);
        whole.fill((value << 16) | ((symbol >> 4) << 8) | total, first, first + (1 << (peekBits - total)));
      }
    }
  }
  return { huffman, whole };
}

/** Reads the blocks of a sequential DCT scan (ISO/IEC 10918-1 §F.2.2). */
export class CoefficientReader extends BitReader {
  /**
   * One block, multiplied by `quantization` (zigzag order), into `block` in natural order; the rest of it becomes 0.
   * @param zigzag natural position of each coefficient
   * @returns the DC value before multiplication: the next block's prediction
   * @throws Error for a code that no table has or too many coefficients
   */
  block(
    dc: HuffmanTable,
    ac: CoefficientTable,
    quantization: Float64Array,
    zigzag: Uint8Array,
    prediction: number,
    block: Float64Array,
  ): number {
    block.fill(0);
    const first = prediction + this.difference(this.symbol(dc) & 15);
    block[0] = first * quantization[0]!;
    for (let k = 1; k < 64; k++) {
      if (this.count <= 16) this.fill();
      const entry = ac.whole[this.bits >>> (32 - peekBits)]!;
      if (entry !== 0) {
        const length = entry & 0xff;
        this.bits <<= length;
        this.count -= length;
        k += (entry >> 8) & 0xff;
        if (k > 63) throw new Error('a JPEG block with more than 64 coefficients');
        block[zigzag[k]!] = (entry >> 16) * quantization[k]!;
        continue;
      }
      const symbol = this.symbol(ac.huffman);
      const size = symbol & 15;
      if (size === 0) {
        if (symbol >> 4 !== 15) break;
        k += 15;
        continue;
      }
      k += symbol >> 4;
      if (k > 63) throw new Error('a JPEG block with more than 64 coefficients');
      block[zigzag[k]!] = this.difference(size) * quantization[k]!;
    }
    return first;
  }
}
