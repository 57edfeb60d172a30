/**
 * One answer for all who ask at the same time, and for those who ask within `keptMs` after it: however many ask, the work is done once at a
 * time. A failure is not kept.
 */
export function singleFlight<T>(work: () => Promise<T>, keptMs: number): () => Promise<T> {
  let last: { readonly answer: Promise<T>; until: number } | undefined;
  return () => {
    if (last && Date.now() < last.until) return last.answer;
    const begun = { answer: work(), until: Infinity };
    last = begun;
    begun.answer.then(
      () => void (begun.until = Date.now() + keptMs),
      () => void (begun.until = 0),
    );
    return begun.answer;
  };
}
