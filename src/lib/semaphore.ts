/** Limits of a Semaphore. Callers with the same key (a user, a network address, a kind of request) count together. */
export interface SemaphoreLimits {
  readonly maxActive: number;
  /** Active at the same time for one key; default `maxActive`. */
  readonly maxActiveOf?: (key: string) => number;
  /** Waiting for their turn; default no limit. */
  readonly maxWaiting?: number;
  readonly maxWaitingOfKey?: number;
  /** Whether keys that wait get turns alternately; by default callers get them in the order of arrival. */
  readonly alternateKeys?: boolean;
}

interface Waiting {
  readonly key: string;
  readonly start: () => void;
}

/** A semaphore rejected a caller because too many wait already. */
export class SemaphoreFull extends Error {}

/**
 * Lets a limited number of callers work at the same time; the others wait. A caller whose key has reached its limit lets those with
 * other keys pass.
 */
export class Semaphore {
  readonly #active = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #activeOfAll = 0;
  #lastKey: string | undefined;

  constructor(private readonly limits: SemaphoreLimits) {}

  get active(): number {
    return this.#activeOfAll;
  }

  /** @throws SemaphoreFull; what `work` throws */
  async use<T>(work: () => Promise<T>, key = ''): Promise<T> {
    const release = await this.acquire(key);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Waits for a turn.
   *
   * @param signal of a caller that may give up while it waits
   * @returns ends the turn; a second call has no effect
   * @throws SemaphoreFull; the reason of the signal
   */
  async acquire(key = '', signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    // No caller waits that could start: every end of a turn starts as many as possible.
    if (this.#mayStart(key)) this.#start(key);
    else await this.#turn(key, signal);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#activeOfAll--;
      this.#active.set(key, this.#activeOf(key) - 1);
      if (this.#activeOf(key) === 0) this.#active.delete(key);
      this.#startNext();
    };
  }

  #turn(key: string, signal: AbortSignal | undefined): Promise<void> {
    const { maxWaiting = Infinity, maxWaitingOfKey = Infinity } = this.limits;
    const ofKey = this.#waiting.reduce((sum, one) => sum + (one.key === key ? 1 : 0), 0);
    if (this.#waiting.length >= maxWaiting || ofKey >= maxWaitingOfKey) throw new SemaphoreFull('too many callers wait');
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal!.reason as Error);
      };
      const waiting = {
        key,
        start: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #startNext(): void {
    while (this.#activeOfAll < this.limits.maxActive) {
      const at = this.#nextIndex();
      if (at < 0) return;
      const [next] = this.#waiting.splice(at, 1);
      this.#start(next!.key);
      next!.start();
    }
  }

  #nextIndex(): number {
    const mayStart = ({ key }: Waiting): boolean => this.#mayStart(key);
    const other = this.limits.alternateKeys ? this.#waiting.findIndex((one) => one.key !== this.#lastKey && mayStart(one)) : -1;
    return other >= 0 ? other : this.#waiting.findIndex(mayStart);
  }

  #start(key: string): void {
    this.#activeOfAll++;
    this.#active.set(key, this.#activeOf(key) + 1);
    this.#lastKey = key;
  }

  #mayStart(key: string): boolean {
    const { maxActive, maxActiveOf = () => maxActive } = this.limits;
    return this.#activeOfAll < maxActive && this.#activeOf(key) < maxActiveOf(key);
  }

  #activeOf(key: string): number {
    return this.#active.get(key) ?? 0;
  }
}
