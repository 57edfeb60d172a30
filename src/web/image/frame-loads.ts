/** Loads frames into the cache of the browser. */
export interface FrameLoader {
  /** @throws Error with the reason; an AbortError after `cancel` */
  load(imageId: string): Promise<void>;
  /** Ends an unfinished load; does nothing with a finished one. */
  cancel(imageId: string): void;
}

/** Loads ahead at the same time: decoding keeps a processor of the service busy. */
const aheadAtOnce = 2;

/**
 * The loads of one stage. A frame that arrives late never replaces one that was requested after it, and loads that nobody waits for
 * are cancelled.
 */
export class FrameLoads {
  /** Unfinished requests by their number, the oldest first. */
  readonly #requests = new Map<number, string>();
  readonly #ahead = new Set<string>();
  #lastRequest = 0;
  #lastDrawn = 0;
  #aheadRound = 0;
  #isClosed = false;
  /** Drawings follow each other: a viewport cannot do two at once. */
  #drawing: Promise<unknown> = Promise.resolve();

  constructor(private readonly loader: FrameLoader) {}

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Loads a frame, then draws it if nothing that was requested later is drawn already.
   *
   * @param keepsOldest the oldest unfinished request goes on beside this one, so that something moves while a user scrolls without a
   * pause; false cancels it as well
   * @returns whether it was drawn
   * @throws Error with the reason, of the last request only
   */
  async request(imageId: string, keepsOldest: boolean, draw: () => Promise<void>): Promise<boolean> {
    if (this.#isClosed) return false;
    const number = ++this.#lastRequest;
    const [oldest] = this.#requests.keys();
    const obsolete = [...this.#requests.keys()].filter((one) => !keepsOldest || one !== oldest);
    this.#requests.set(number, imageId);
    this.#stopAhead();
    this.#drop(obsolete);
    try {
      await this.loader.load(imageId);
      const drawn = this.#drawing.then(() => this.#draw(number, draw));
      this.#drawing = drawn.catch(() => undefined);
      return await drawn;
    } catch (error) {
      if (!this.#requests.has(number) || number !== this.#lastRequest) return false;
      // What was requested before is not shown in its place.
      this.#drop([...this.#requests.keys()].filter((one) => one !== number));
      throw error;
    } finally {
      this.#requests.delete(number);
    }
  }

  /** Loads frames before they are requested; the next request ends that. Failures are left to the request. */
  loadAhead(imageIds: readonly string[]): void {
    this.#stopAhead();
    const round = this.#aheadRound;
    const waiting = [...imageIds];
    const loadNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && round === this.#aheadRound && !this.#isClosed; next = waiting.shift()) {
        this.#ahead.add(next);
        await this.loader.load(next).catch(() => undefined);
        if (round === this.#aheadRound) this.#ahead.delete(next);
      }
    };
    for (let n = 0; n < aheadAtOnce; n++) void loadNext();
  }

  /** Cancels what is unfinished; nothing is drawn afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#stopAhead();
    this.#drop([...this.#requests.keys()]);
  }

  async #draw(number: number, draw: () => Promise<void>): Promise<boolean> {
    if (!this.#requests.has(number) || number < this.#lastDrawn) return false;
    this.#lastDrawn = number;
    this.#drop([...this.#requests.keys()].filter((one) => one < number));
    await draw();
    return this.#requests.has(number);
  }

  #stopAhead(): void {
    this.#aheadRound++;
    const ids = [...this.#ahead];
    this.#ahead.clear();
    for (const id of ids) this.#cancel(id);
  }

  #drop(numbers: readonly number[]): void {
    const ids = numbers.flatMap((one) => this.#requests.get(one) ?? []);
    for (const one of numbers) this.#requests.delete(one);
    for (const id of ids) this.#cancel(id);
  }

  #cancel(imageId: string): void {
    if (![...this.#requests.values()].includes(imageId)) this.loader.cancel(imageId);
  }
}
