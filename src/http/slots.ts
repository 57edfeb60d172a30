/** Who waits for a slot: reporting, or a person who looks at images. */
export type SlotLane = 'reports' | 'viewer';

/**
 * So many exchanges with one PACS at a time, whoever asks; the rest wait in order. Freed slots go to the lanes in turn, so neither
 * side waits for all that the other has asked for. A viewer's answer lasts as long as its browser takes to read it:
 * where there is more than one slot, viewers leave one free for reporting.
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
