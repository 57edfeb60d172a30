import type { Response } from 'express';
import { Fault } from '../errors.js';

export interface EventStreamSettings {
  readonly changeTokenMs: number;
  readonly heartbeatMs: number;
  /** Between two checks whether the listener's login is still valid. */
  readonly checkMs: number;
  readonly maxOfUser: number;
  readonly maxOfAll: number;
}

const eventStreamSettings: EventStreamSettings = {
  changeTokenMs: 1_000,
  heartbeatMs: 20_000,
  checkMs: 5_000,
  maxOfUser: 20,
  maxOfAll: 500,
};

/** A page that receives events. */
export interface Listener {
  /** Account or token. */
  readonly user: string;
  /** Whether the login is still valid, with the same roles. */
  mayContinue(): Promise<boolean>;
}

interface Stream extends Listener {
  readonly response: Response;
}

const changed = 'event: changed\ndata: {}\n\n';

/**
 * Server-sent events to all listeners: `changed` whenever the change token has changed. The token is read once for all streams, so that many
 * streams cost the database no more than one.
 */
export class EventStreams {
  readonly #streams = new Set<Stream>();
  #timers: NodeJS.Timeout[] = [];
  #last: string | undefined;
  #reading = false;

  constructor(
    private readonly changeToken: () => Promise<string>,
    private readonly settings: EventStreamSettings = eventStreamSettings,
  ) {}

  get size(): number {
    return this.#streams.size;
  }

  /** @throws Fault `too-many-requests`; the faults of the change token */
  async add(response: Response, listener: Listener): Promise<void> {
    const { maxOfUser, maxOfAll } = this.settings;
    const ofUser = [...this.#streams].filter((one) => one.user === listener.user).length;
    if (ofUser >= maxOfUser || this.#streams.size >= maxOfAll)
      throw new Fault('too-many-requests', `expected at most ${maxOfUser} open pages of one user; close some`);
    const stream = { ...listener, response, mayContinue: () => listener.mayContinue() };
    // Before anything is awaited: a browser that goes away meanwhile is noticed, and streams that begin at once are counted.
    this.#streams.add(stream);
    response.once('close', () => this.#remove(stream));
    try {
      this.#last ??= await this.changeToken();
    } catch (error) {
      this.#remove(stream);
      throw error;
    }
    if (!this.#streams.has(stream)) return;
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    response.write(`retry: 2000\n${changed}`);
    this.#start();
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#last = undefined;
  }

  #start(): void {
    if (this.#timers.length > 0) return;
    const { changeTokenMs, heartbeatMs, checkMs } = this.settings;
    this.#timers = [
      setInterval(() => void this.#readToken(), changeTokenMs),
      setInterval(() => this.#write(': here\n\n'), heartbeatMs),
      setInterval(() => void this.#check(), checkMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  async #readToken(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const token = await this.changeToken();
      if (this.#streams.size === 0) return;
      if (this.#last !== undefined && token !== this.#last) this.#write(changed);
      this.#last = token;
    } catch {
      // The next reading will tell.
    } finally {
      this.#reading = false;
    }
  }

  #write(text: string): void {
    for (const { response } of this.#streams) if (response.headersSent) response.write(text);
  }

  /** One after the other: it is not urgent, and the database has other work. */
  async #check(): Promise<void> {
    for (const stream of [...this.#streams]) {
      try {
        if (await stream.mayContinue()) continue;
      } catch (error) {
        // A login that cannot be checked because the database is away has not ended; a revoked token has.
        if (!(error instanceof Fault) || error.code !== 'login-required') continue;
      }
      stream.response.end();
      this.#remove(stream);
    }
  }
}
