import type { Response } from 'express';
import { Fault } from '../errors.js';

export interface EventStreamSettings {
  readonly changeTokenMs: number;
  readonly heartbeatMs: number;
  /** Between two looks whether whoever listens may still. */
  readonly checkMs: number;
  readonly maxOfUser: number;
  readonly maxOfAll: number;
}

export const eventStreamSettings: EventStreamSettings = {
  changeTokenMs: 1_000,
  heartbeatMs: 20_000,
  checkMs: 5_000,
  maxOfUser: 20,
  maxOfAll: 500,
};

/** Who listens. */
export interface Listener {
  /** Account or token. */
  readonly user: string;
  /** Whether the login still stands, with the same roles. */
  mayGoOn(): Promise<boolean>;
}

interface Stream extends Listener {
  readonly response: Response;
}

const changed = 'event: changed\ndata: {}\n\n';

/**
 * Server-sent events to all that listen: `changed` whenever the pulse has changed. The pulse is asked once for all, so that many streams
 * ask no more of the database than one.
 */
export class EventStreams {
  readonly #streams = new Set<Stream>();
  #timers: NodeJS.Timeout[] = [];
  #last: string | undefined;
  #asking = false;

  constructor(
    private readonly pulse: () => Promise<string>,
    private readonly settings: EventStreamSettings = eventStreamSettings,
  ) {}

  get size(): number {
    return this.#streams.size;
  }

  /** @throws Fault `too-many-requests`; the faults of the pulse */
  async add(response: Response, listener: Listener): Promise<void> {
    const { maxOfUser, maxOfAll } = this.settings;
    const ofUser = [...this.#streams].filter((one) => one.user === listener.user).length;
    if (ofUser >= maxOfUser || this.#streams.size >= maxOfAll)
      throw new Fault('too-many-requests', `expected at most ${maxOfUser} pages that listen at once; close some`);
    const stream = { ...listener, response, mayGoOn: () => listener.mayGoOn() };
    // Before anything is awaited: a browser that goes away meanwhile is noticed, and streams that begin at once are counted.
    this.#streams.add(stream);
    response.once('close', () => this.#remove(stream));
    try {
      this.#last ??= await this.pulse();
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
      setInterval(() => void this.#look(), changeTokenMs),
      setInterval(() => this.#write(': here\n\n'), heartbeatMs),
      setInterval(() => void this.#check(), checkMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  async #look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const pulse = await this.pulse();
      if (this.#streams.size === 0) return;
      if (this.#last !== undefined && pulse !== this.#last) this.#write(changed);
      this.#last = pulse;
    } catch {
      // The next look tells.
    } finally {
      this.#asking = false;
    }
  }

  #write(text: string): void {
    for (const { response } of this.#streams) if (response.headersSent) response.write(text);
  }

  /** One after the other: it is no hurry, and the database has other work. */
  async #check(): Promise<void> {
    for (const stream of [...this.#streams]) {
      try {
        if (await stream.mayGoOn()) continue;
      } catch (error) {
        // A login that cannot be looked up, the database away, is no login that has ended; a token that is revoked is.
        if (!(error instanceof Fault) || error.code !== 'login-required') continue;
      }
      stream.response.end();
      this.#remove(stream);
    }
  }
}
