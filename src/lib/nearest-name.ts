/**
 * The known name that a mistyped one most likely means: at most a third of its characters differ (one, in a short name), by the optimal
 * string alignment distance (insert, delete, replace, swap two neighbours); case does not matter.
 *
 * @returns undefined if none is near
 */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  // A name of this length is no typing error, and comparing it would take long.
  if (given.length > 100) return undefined;
  let nearest: string | undefined;
  let smallest = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance < smallest) [nearest, smallest] = [name, distance];
  }
  return nearest;
}

function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length]!;
}
