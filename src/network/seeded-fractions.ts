/**
 * Numbers that every engine and every language can make again from a name: murmur3's 32-bit finaliser of
 * `fnv1a(name) + i · 0x9E3779B9` for element i. Not for secrets.
 *
 * @returns whole numbers, 0 to 2³² − 1
 */
export function seededWords(name: string, count: number): Uint32Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619);
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    let x = (Math.imul(index, 0x9e3779b9) + seed) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    words[index] = x ^ (x >>> 16);
  }
  return words;
}

/** The same as parts of 1: at least 0, below 1. */
export function seededFractions(name: string, count: number): Float64Array {
  const words = seededWords(name, count);
  const fractions = new Float64Array(count);
  for (let index = 0; index < count; index++) fractions[index] = words[index]! / 4294967296;
  return fractions;
}
