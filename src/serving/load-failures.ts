/** The first retry comes at the registry's next look, the last ones so far apart. */
const maxDelayMs = 600_000;

interface Failure {
  readonly revision: number;
  readonly times: number;
  readonly nextAt: number;
  readonly said: string;
}

/**
 * Which model versions could not be loaded: each is tried again after a delay that doubles, since reading its weights and
 * compiling its networks is dear, and at once when somebody changes the registry. What it failed with is said once.
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

  /** @returns whether this is to be said: it is the first failure, or another than before */
  failed(version: string, revision: number, reason: string): boolean {
    const before = this.#failures.get(version);
    const times = before?.revision === revision ? before.times + 1 : 1;
    this.#failures.set(version, {
      revision,
      times,
      nextAt: this.now() + Math.min(maxDelayMs, this.firstDelayMs * 2 ** Math.min(times, 30)),
      said: reason,
    });
    return before?.said !== reason;
  }

  loaded(version: string): void {
    this.#failures.delete(version);
  }
}
