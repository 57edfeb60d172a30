/**
 * Numbers that depend on their key alone, in whatever order and on whatever thread they are drawn: 32 bits by the finaliser of
 * MurmurHash3 over key and counter. Good enough to shuffle and to augment; not for secrets.
 */
export interface Draws {
  /** In [0, 1). */
  next(): number;
  /** In [low, high). */
  uniform(low: number, high: number): number;
}

/** @param key for example seed, epoch, index of the example */
export function seededRandom(...key: readonly (number | string)[]): Draws {
  let seed = 2166136261;
  for (const part of key) {
    for (const byte of new TextEncoder().encode(`${part}\u0000`)) seed = Math.imul(seed ^ byte, 16777619);
  }
  let counter = 0;
  const next = (): number => {
    let x = (Math.imul(++counter, 0x9e3779b9) + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
  };
  return { next, uniform: (low, high) => low + (high - low) * next() };
}

/** Fisher–Yates; the argument stays as it is. */
export function shuffled<T>(items: readonly T[], draws: Draws): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const pick = Math.floor(draws.next() * (last + 1));
    [result[last], result[pick]] = [result[pick]!, result[last]!];
  }
  return result;
}
