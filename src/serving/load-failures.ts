/** The longest delay between two attempts. The first retry comes when the registry is read the next time. */
const maxDelayMs = 600_000;

interface Failure {
  readonly revision: number;
  readonly count: number;
  readonly nextAt: number;
  readonly reason: string;
}

/**
 * Which model versions could not be loaded: each is tried again after a delay that doubles, because reading its weights and
 * compiling its networks is expensive, and at once when the registry changes. A reason is logged once.
 */
export class LoadFailures {
  readonly #failures = new Map<string, Failure>();

  constructor(
    private readonly firstDelayMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether the version may be tried now. @param revision of the registry's aliases */
  mayTry(version: string, revision: number): boolean {
    const failure = this.#failures.get(version);
    return failure === undefined || failure.revision !== revision || this.now() >= failure.nextAt;
  }

  /** @returns whether to log it: it is the first failure, or its reason is another than before */
  failed(version: string, revision: number, reason: string): boolean {
    const before = this.#failures.get(version);
    const count = before?.revision === revision ? before.count + 1 : 1;
    this.#failures.set(version, {
      revision,
      count,
      nextAt: this.now() + Math.min(maxDelayMs, this.firstDelayMs * 2 ** Math.min(count, 30)),
      reason,
    });
    return before?.reason !== reason;
  }

  loaded(version: string): void {
    this.#failures.delete(version);
  }
}
