/** Two queues for slots: reporting, and viewers (people looking at images). */
export type SlotLane = 'reports' | 'viewer';

/**
 * Limits the number of exchanges with one PACS at a time, over all clients that share the slots; further ones wait in order. Freed slots go
 * to the lanes in turn, so neither lane waits for the whole queue of the other. A viewer's response lasts as long as its browser
 * takes to read it: where there is more than one slot, viewers leave one free for reporting.
 */
export class Slots {
  readonly #waiting: Readonly<Record<SlotLane, (() => void)[]>> = { reports: [], viewer: [] };
  readonly #inUse: Record<SlotLane, number> = { reports: 0, viewer: 0 };
  #lastServed: SlotLane = 'viewer';

  constructor(readonly count: number) {}

  get inUse(): number {
    return this.#inUse.reports + this.#inUse.viewer;
  }

  async use<T>(work: () => Promise<T>, lane: SlotLane = 'reports'): Promise<T> {
    await new Promise<void>((start) => {
      this.#waiting[lane].push(start);
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#inUse[lane]--;
      this.#startNext();
    }
  }

  #startNext(): void {
    while (this.inUse < this.count) {
      const lanes: readonly SlotLane[] = this.#lastServed === 'reports' ? ['viewer', 'reports'] : ['reports', 'viewer'];
      const lane = lanes.find((one) => this.#waiting[one].length > 0 && this.#isAllowed(one));
      if (lane === undefined) return;
      this.#lastServed = lane;
      this.#inUse[lane]++;
      this.#waiting[lane].shift()!();
    }
  }

  #isAllowed(lane: SlotLane): boolean {
    return lane === 'reports' || this.count === 1 || this.#inUse.viewer < this.count - 1;
  }
}
