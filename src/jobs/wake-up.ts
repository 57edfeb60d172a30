/** Lets a loop sleep until something may be due: a ring, a ring for later, or the time of its next look. */
export class WakeUp {
  #rung = false;
  #closed = false;
  #wake: (() => void) | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();

  ring(afterMs = 0): void {
    if (this.#closed) return;
    if (afterMs <= 0) {
      this.#rung = true;
      this.#wake?.();
      return;
    }
    // A little late rather than early: the database's clock decides whether a job is due.
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.ring();
      },
      Math.min(afterMs + 2, 2 ** 31 - 1),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  /** Returns at once if it rang since the last wait. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung && !this.#closed) await this.#sleep(timeoutMs);
    this.#rung = false;
  }

  /** Sleeps through rings: for a pause after a failure. */
  async pause(timeoutMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, timeoutMs));
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #sleep(timeoutMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      this.#wake = undefined;
    });
  }
}
