import { Semaphore } from '../lib/semaphore.js';

/** For whom a request to the PACS is: for reporting, or for a user who views images. */
export type SlotLane = 'reports' | 'viewer';

/**
 * Limits the requests to one PACS at the same time; the others wait. The lanes get free slots alternately, so that neither has to wait
 * for all requests of the other. A viewer's request lasts as long as its browser takes to read the answer: if there is more than one
 * slot, viewers leave one free for reporting.
 */
export class Slots {
  readonly #semaphore: Semaphore;

  constructor(readonly count: number) {
    this.#semaphore = new Semaphore({
      maxActive: count,
      maxActiveOf: (lane) => (lane === 'viewer' ? Math.max(1, count - 1) : count),
      alternateKeys: true,
    });
  }

  get inUse(): number {
    return this.#semaphore.active;
  }

  use<T>(work: () => Promise<T>, lane: SlotLane = 'reports'): Promise<T> {
    return this.#semaphore.use(work, lane);
  }
}
