/**
 * Milliseconds spent in each step of a story, for the record and the benchmark. Steps of one name that overlap count
 * once: from the start of the first to the end of the last.
 */
export class Stopwatch {
  readonly #spent: Record<string, number> = {};
  readonly #running: Record<string, { count: number; since: number }> = {};

  async time<T>(step: string, work: () => Promise<T>): Promise<T> {
    const running = (this.#running[step] ??= { count: 0, since: 0 });
    if (running.count++ === 0) running.since = performance.now();
    try {
      return await work();
    } finally {
      if (--running.count === 0) this.#spent[step] = (this.#spent[step] ?? 0) + performance.now() - running.since;
    }
  }

  get milliseconds(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.#spent).map(([step, spent]) => [step, Math.round(spent * 10) / 10]));
  }
}
