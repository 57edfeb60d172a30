import { hammingDistance, hashWords, nearDuplicateBits } from './perceptual-hash.js';
import type { Example } from './example.js';

/**
 * Which examples must stay on one side of every split: those of one patient, those with the same pixels, and near-duplicates,
 * and whatever they are joined with in turn (union-find).
 *
 * @returns for each example the place of the first of its group
 */
export function groupsOf(examples: readonly Pick<Example, 'patient' | 'key' | 'perceptualHash'>[], bits = nearDuplicateBits): Int32Array {
  const parent = Int32Array.from(examples, (_, index) => index);
  const root = (index: number): number => {
    while (parent[index] !== index) index = parent[index] = parent[parent[index]!]!;
    return index;
  };
  const join = (one: number, other: number): void => {
    const [first, second] = [root(one), root(other)].sort((a, b) => a - b) as [number, number];
    parent[second] = first;
  };
  const firstOf = new Map<string, number>();
  for (const [index, { patient, key }] of examples.entries()) {
    for (const name of [`patient ${patient}`, `key ${key}`]) {
      const first = firstOf.get(name);
      if (first === undefined) firstOf.set(name, index);
      else join(first, index);
    }
  }
  for (const [one, other] of nearDuplicates(examples, bits)) join(one, other);
  return parent.map((_, index) => root(index));
}

/** Pairs of indices of examples whose hashes differ in at most `bits` bits, the lower place first. */
function nearDuplicates(
  examples: readonly Pick<Example, 'perceptualHash'>[],
  bits = nearDuplicateBits,
): readonly (readonly [number, number])[] {
  const hashed = examples.flatMap(({ perceptualHash }, index) =>
    perceptualHash === undefined ? [] : [{ index, words: hashWords(perceptualHash) }],
  );
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i < hashed.length; i++) {
    const one = hashed[i]!;
    for (let j = i + 1; j < hashed.length; j++) {
      const other = hashed[j]!;
      if (hammingDistance(one.words, other.words) <= bits) pairs.push([one.index, other.index]);
    }
  }
  return pairs;
}
