/**
 * Random numbers that a seed determines, the same on every machine: for shuffling, augmentation, first weights, resamples and
 * synthetic samples; not for secrets. Golden files and stored training runs depend on the sequences, so an algorithm is never changed.
 *
 * | function | algorithm | seed |
 * | --- | --- | --- |
 * | `keyedRandom` | MurmurHash3 finaliser over FNV-1a(parts of the key, each ended by NUL) + n × 0x9E3779B9, n from 1 | strings and numbers |
 * | `seededWords`, `seededFractions` | the same finaliser over FNV-1a(name) + i × 0x9E3779B9, i from 0 | the name of a tensor |
 * | `mulberry32` | Mulberry32 | a whole number |
 * | `textSeeded` | Mulberry32 from FNV-1a over the UTF-16 code units | a text |
 */

/** Uniform in [0, 1). */
export type Uniform = () => number;

/** Numbers that depend on their key alone, in whatever order and on whatever thread they are drawn. */
export interface Draws {
  /** In [0, 1). */
  next(): number;
  /** In [low, high). */
  uniform(low: number, high: number): number;
}

const fnvBasis = 2166136261;
const fnvPrime = 16777619;
const goldenRatio = 0x9e3779b9;

/** @param key for example seed, epoch, index of the example */
export function keyedRandom(...key: readonly (number | string)[]): Draws {
  let seed = fnvBasis;
  for (const part of key) seed = hashBytes(seed, `${part}\u0000`);
  let counter = 0;
  const next = (): number => murmurFinaliser(Math.imul(++counter, goldenRatio) + seed) / 2 ** 32;
  return { next, uniform: (low, high) => low + (high - low) * next() };
}

/**
 * Words that every engine and every language can make again from a name.
 *
 * @returns whole numbers, 0 to 2³² − 1
 */
export function seededWords(name: string, count: number): Uint32Array {
  const seed = hashBytes(fnvBasis, name);
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index++) words[index] = murmurFinaliser(Math.imul(index, goldenRatio) + seed);
  return words;
}

/** `seededWords` as fractions: at least 0, below 1. */
export function seededFractions(name: string, count: number): Float64Array {
  const words = seededWords(name, count);
  const fractions = new Float64Array(count);
  for (let index = 0; index < count; index++) fractions[index] = words[index]! / 2 ** 32;
  return fractions;
}

/** @param seed a whole number; its lowest 32 bits count */
export function mulberry32(seed: number): Uniform {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function textSeeded(seed: string): Uniform {
  let state = fnvBasis;
  for (let index = 0; index < seed.length; index++) state = Math.imul(state ^ seed.charCodeAt(index), fnvPrime);
  return mulberry32(state);
}

/** In [low, high). */
export const between = (random: Uniform, low: number, high: number): number => low + (high - low) * random();

/** Standard normal, by Box and Muller. */
export function gaussian(random: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Fisher–Yates; returns a new array. */
export function shuffled<Value>(values: readonly Value[], random: Uniform): Value[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1));
    [result[last], result[pick]] = [result[pick]!, result[last]!];
  }
  return result;
}

/** FNV-1a over the bytes of the text in UTF-8. */
function hashBytes(from: number, text: string): number {
  let hash = from;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, fnvPrime);
  return hash;
}

/** The 32-bit finaliser of MurmurHash3. */
function murmurFinaliser(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
