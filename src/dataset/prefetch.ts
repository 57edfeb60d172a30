/**
 * The results of `make(from)`, `make(from + 1)` … `make(count - 1)` in order, at most `ahead` of them begun before they are needed.
 *
 * What was begun and is no longer wanted is waited for when the loop is left, so that nothing runs on behind the caller's back.
 */
export async function* prefetched<T>(
  from: number,
  count: number,
  make: (index: number) => Promise<T>,
  ahead = 3,
): AsyncGenerator<T, void, undefined> {
  const begun: Promise<T>[] = [];
  let next = from;
  try {
    while (begun.length > 0 || next < count) {
      while (next < count && begun.length < ahead) {
        const made = make(next++);
        // its failure is told when its turn comes, not before
        made.catch(() => undefined);
        begun.push(made);
      }
      yield await begun.shift()!;
    }
  } finally {
    await Promise.allSettled(begun);
  }
}
