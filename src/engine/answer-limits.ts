/** How long an engine may take to reply, in milliseconds of time in which this process ran. */
export interface AnswerLimits {
  /** The minimum limit of a request if one of its kind was answered before. */
  readonly answerMs: number;
  /** Of everything else: loading a network, its first answer (a GPU compiles its kernels then), the start of training. */
  readonly firstAnswerMs: number;
}

export const defaultAnswerLimits: AnswerLimits = { answerMs: 60_000, firstAnswerMs: 300_000 };

/** A busy machine may be slower by this factor than it was at its slowest. */
const tolerance = 20;

/** What the time of a request depends on. */
export interface Work {
  /** Requests of one key take time in proportion to their units. */
  readonly key: string;
  /** For example the values of the input. */
  readonly units: number;
}

/** Limits that follow what this machine was measured to take: `tolerance` times the slowest answer, for each unit of work. */
export class AnswerPace {
  /** Milliseconds a unit, by key. */
  readonly #slowest = new Map<string, number>();

  constructor(private readonly limits: AnswerLimits) {}

  limitOf(work: Work | undefined): number {
    const pace = work && this.#slowest.get(work.key);
    return work === undefined || pace === undefined
      ? this.limits.firstAnswerMs
      : Math.max(this.limits.answerMs, tolerance * pace * work.units);
  }

  answered({ key, units }: Work, milliseconds: number): void {
    this.#slowest.set(key, Math.max(this.#slowest.get(key) ?? 0, milliseconds / units));
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#slowest.delete(key);
  }
}

/**
 * Calls back after a time in which this process itself ran: a machine that slept, or a container that was paused, has not
 * computed either. The callback gets the elapsed time by the clock.
 */
export class RunningTimer {
  readonly #timer: NodeJS.Timeout;
  #elapsed = 0;
  #seen = performance.now();

  constructor(
    readonly limitMs: number,
    expired: (elapsedMs: number) => void,
  ) {
    const tickMs = Math.min(1_000, limitMs / 10);
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#elapsed += Math.min(now - this.#seen, 2 * tickMs);
      this.#seen = now;
      if (this.#elapsed < limitMs) return;
      clearInterval(this.#timer);
      expired(this.#elapsed);
    }, tickMs);
  }

  /** Milliseconds, to a tick. */
  get elapsedMs(): number {
    return this.#elapsed;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
