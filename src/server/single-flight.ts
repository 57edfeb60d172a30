/**
 * One result for all callers at the same time, and for those within `validMs` after it: however many callers there are, the work is done once at
 * a time. A failure is not cached.
 */
export function singleFlight<T>(work: () => Promise<T>, validMs: number): () => Promise<T> {
  let last: { readonly value: Promise<T>; until: number } | undefined;
  return () => {
    if (last && Date.now() < last.until) return last.value;
    const begun = { value: work(), until: Infinity };
    last = begun;
    begun.value.then(
      () => void (begun.until = Date.now() + validMs),
      () => void (begun.until = 0),
    );
    return begun.value;
  };
}
