import type { Example } from './example.js';
import { keyedRandom, shuffled } from '../lib/seeded-random.js';

/**
 * Gives whole groups to parts by their shares: within each stratum (source and rarest class of the group), in an order drawn by
 * the seed, each group to the part that is furthest below its share of the stratum's images. The same for the same seed and
 * examples in whatever order they come.
 *
 * @param groups places of examples
 * @param result is written to
 */
export function assign<Part extends string>(
  groups: readonly (readonly number[])[],
  examples: readonly Example[],
  targets: readonly (readonly [Part, number])[],
  seed: number,
  result: Part[],
): void {
  for (const [stratum, members] of strataOf(groups, examples)) {
    const nameOf = (group: readonly number[]): string => group.map((index) => examples[index]!.key).sort()[0]!;
    const ordered = members.map((group) => ({ group, name: nameOf(group) })).sort((one, other) => (one.name < other.name ? -1 : 1));
    const total = members.reduce((sum, group) => sum + group.length, 0);
    const filled = new Map<Part, number>();
    for (const { group } of shuffled(ordered, keyedRandom('split', seed, stratum).next)) {
      const lack = ([part, share]: readonly [Part, number]): number => share * total - (filled.get(part) ?? 0);
      const [part] = targets.reduce((best, target) => (lack(target) > lack(best) ? target : best));
      filled.set(part, (filled.get(part) ?? 0) + group.length);
      for (const index of group) result[index] = part;
    }
  }
}

/** By source and rarest class, sorted; the rarest class of a group decides best where it is needed. */
function strataOf(
  groups: readonly (readonly number[])[],
  examples: readonly Example[],
): readonly (readonly [string, readonly (readonly number[])[]])[] {
  const frequency = new Map<string, number>();
  for (const label of examples.flatMap(({ labels }) => labels)) frequency.set(label, (frequency.get(label) ?? 0) + 1);
  const strata = new Map<string, (readonly number[])[]>();
  for (const group of groups) {
    const labels = [...new Set(group.flatMap((index) => examples[index]!.labels))];
    const [rarest = 'none'] = labels.sort((one, other) => frequency.get(one)! - frequency.get(other)! || (one < other ? -1 : 1));
    const sources = group.map((index) => examples[index]!.source).sort();
    const stratum = `${sources[0]!}\u0000${rarest}`;
    strata.set(stratum, [...(strata.get(stratum) ?? []), group]);
  }
  return [...strata].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Places of examples by the root of their group. */
export function byRoot(roots: Int32Array): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  roots.forEach((root, index) => {
    const members = groups.get(root);
    if (members) members.push(index);
    else groups.set(root, [index]);
  });
  return groups;
}
