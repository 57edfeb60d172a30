/** Lets a loop sleep until it is woken, a delayed wake-up is due, or a time limit is over. */
export class WakeUp {
  #woken = false;
  #closed = false;
  #resume: (() => void) | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();

  wake(afterMs = 0): void {
    if (this.#closed) return;
    if (afterMs <= 0) {
      this.#woken = true;
      this.#resume?.();
      return;
    }
    // 2 ms late rather than early: the database's clock decides whether a job is due.
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.wake();
      },
      Math.min(afterMs + 2, 2 ** 31 - 1),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  /** Returns at once if it was woken since the last wait. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#woken && !this.#closed) await this.#sleep(timeoutMs);
    this.#woken = false;
  }

  /** Sleeps although it is woken: a pause after a failure. */
  async pause(timeoutMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, timeoutMs));
  }

  close(): void {
    this.#closed = true;
    this.#resume?.();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #sleep(timeoutMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#resume = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      this.#resume = undefined;
    });
  }
}
