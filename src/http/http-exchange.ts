import type { IncomingHttpHeaders } from 'node:http';
import { Fault, type FaultSubject } from '../errors.js';
import { HttpConnection, type HttpServer } from './connection.js';
import type { PacsAddress } from './pacs-address.js';
import { Slots } from './slots.js';
import { transportFault } from './transport-fault.js';

export interface HttpEndpoint extends HttpServer {
  /** Exchanges at one time; further ones wait in order. A number is for this endpoint alone; clients of one PACS share Slots. */
  readonly maxConcurrent?: number | Slots | undefined;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the endpoint's URL. */
  readonly path: PacsAddress;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly timeoutMs?: number;
  readonly subject?: FaultSubject;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Slots that an endpoint shares with other clients, or slots of its own (default 8). */
export function slotsOf({ maxConcurrent = 8 }: Pick<HttpEndpoint, 'maxConcurrent'>): Slots {
  return typeof maxConcurrent === 'number' ? new Slots(maxConcurrent) : maxConcurrent;
}

/** Requests whose answers are read as a whole, a limited number at a time. */
export class HttpExchange {
  private readonly connection: HttpConnection;
  private readonly slots: Slots;

  constructor(private readonly endpoint: HttpEndpoint) {
    this.connection = new HttpConnection(endpoint);
    this.slots = slotsOf(endpoint);
  }

  /** Without credentials and without a slash at its end. */
  get url(): string {
    return this.connection.url;
  }

  /** @throws Fault pacs-unreachable, pacs-malformed (answer cut short, not HTTP), timed-out */
  exchange(request: HttpRequest): Promise<HttpReply> {
    return this.slots.use(async () => {
      const { method = 'GET', path, body, timeoutMs = this.endpoint.timeoutMs } = request;
      const subject = { source: path.split('?')[0]!, ...request.subject };
      const headers = { Accept: 'application/json', ...request.headers };
      const response = await this.connection.send({ method, path, headers, timeoutMs, ...(body === undefined ? {} : { body }) }, subject);
      try {
        return { status: response.statusCode, headers: response.headers, body: Buffer.from(await response.body.arrayBuffer()) };
      } catch (thrown) {
        throw transportFault(thrown as Error, { answered: true, url: this.url, timeoutMs, subject });
      }
    });
  }

  /** Ends all connections; an exchange after this opens a new one. */
  close(): void {
    this.connection.close();
  }
}

/**
 * The fault that an HTTP status means.
 * @param detail a short text without patient attributes
 */
export function faultOfStatus(status: number, detail: string, subject: FaultSubject): Fault {
  const text = `HTTP ${status}${detail ? `, ${detail}` : ''}`;
  if (status === 401 || status === 403) return new Fault('pacs-unauthorized', text, subject);
  if (status === 404 || status === 410) return new Fault('pacs-not-found', text, subject);
  if (status === 408 || status === 504) return new Fault('timed-out', text, subject);
  return new Fault('pacs-error', text, subject, { retryable: status >= 500 || status === 429 });
}

/** @throws Fault pacs-malformed if the body is not JSON */
export function jsonOf(reply: HttpReply, subject: FaultSubject): unknown {
  try {
    return JSON.parse(reply.body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new Fault('pacs-malformed', `${reply.body.length} bytes that are not JSON`, subject, { cause });
  }
}
