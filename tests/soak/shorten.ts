import { applicable, type PlannedEvent } from './plan-events.js';

/**
 * Looks for a shorter list of events that fails too: leaves out half of the events, then quarters, then single ones (delta debugging).
 *
 * @param fails runs a list; each run takes as long as its events
 * @param maxRuns a limit for the number of runs
 */
export async function shorten(
  events: readonly PlannedEvent[],
  fails: (events: readonly PlannedEvent[]) => Promise<boolean>,
  maxRuns = 40,
): Promise<readonly PlannedEvent[]> {
  let shortest = events;
  let runs = 0;
  for (let size = Math.ceil(events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < shortest.length && runs < maxRuns; ) {
      const candidate = applicable([...shortest.slice(0, from), ...shortest.slice(from + size)]);
      if (candidate.length === 0 || candidate.length === shortest.length) {
        from += size;
        continue;
      }
      runs++;
      if (await fails(candidate)) shortest = candidate;
      else from += size;
    }
  }
  return shortest;
}
