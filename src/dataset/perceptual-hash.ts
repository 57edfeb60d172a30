import type { GreyImage } from '../pixels/image.js';
import { resizeBilinear } from '../pixels/resize.js';

const side = 64;
const kept = 16;
/** Bits of a hash. */
const hashBits = kept * kept;

/**
 * Two images whose hashes differ in no more bits than this are the same picture, or nearly: of 95 known pairs among 2,072 published
 * radiographs it finds 89, and none of 2 million others (tests/bench/near-duplicates.ts).
 */
export const nearDuplicateBits = 32;

/**
 * pHash (Zauner 2010, as `imagehash.phash(hash_size=16)`): the picture at 64 × 64, its cosine transform (DCT-II), of it the 16 × 16
 * lowest frequencies, each a bit: above their median or not. Stays nearly the same when a picture is scaled, compressed or brightened.
 *
 * @returns 64 hexadecimal digits, the first bit that of the mean
 */
export function perceptualHash(image: GreyImage): string {
  const { values } = resizeBilinear(image, side, side);
  const low = lowFrequencies(values);
  const sorted = low.toSorted();
  const median = (sorted[hashBits / 2 - 1]! + sorted[hashBits / 2]!) / 2;
  let hash = '';
  for (let i = 0; i < hashBits; i += 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) digit = digit * 2 + (low[i + bit]! > median ? 1 : 0);
    hash += digit.toString(16);
  }
  return hash;
}

/** cosines[k * side + n] = 2 cos(π k (2n + 1) / 2N), scipy.fftpack.dct type 2 without norm. */
const cosines = Float64Array.from(
  { length: kept * side },
  (_, i) => 2 * Math.cos((Math.PI * Math.floor(i / side) * (2 * (i % side) + 1)) / (2 * side)),
);

/** 16 × 16, row by row: vertical frequency first. */
function lowFrequencies(values: Float32Array): Float64Array {
  const columns = new Float64Array(kept * side);
  for (let k = 0; k < kept; k++) {
    for (let y = 0; y < side; y++) {
      const cosine = cosines[k * side + y]!;
      for (let x = 0; x < side; x++) columns[k * side + x]! += cosine * values[y * side + x]!;
    }
  }
  return Float64Array.from({ length: hashBits }, (_, i) => {
    const row = Math.floor(i / kept) * side;
    const cosine = (i % kept) * side;
    let sum = 0;
    for (let x = 0; x < side; x++) sum += cosines[cosine + x]! * columns[row + x]!;
    return sum;
  });
}

/** A hash as words, to compare many. @throws RangeError if it is none */
export function hashWords(hash: string): Uint32Array {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new RangeError(`expected 64 hexadecimal digits, found ${hash.slice(0, 80)}`);
  return Uint32Array.from({ length: hashBits / 32 }, (_, word) => parseInt(hash.slice(word * 8, word * 8 + 8), 16));
}

/** The number of bits in which two hashes differ. */
export function hammingDistance(one: Uint32Array, other: Uint32Array): number {
  let bits = 0;
  for (let word = 0; word < one.length; word++) bits += populationCount(one[word]! ^ other[word]!);
  return bits;
}

function populationCount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}
