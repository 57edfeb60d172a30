import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { buildConnector, Pool, type Dispatcher } from 'undici';
import { Fault, type FaultSubject } from '../errors.js';
import { requireAddress, type PacsAddress } from './pacs-address.js';
import { tokenHeaders, type ServerAccess } from './server-access.js';
import { transportFault } from './transport-fault.js';

/** Where an HTTP server of the PACS is, and with which account and certificate authority it is reached. */
export interface HttpServer extends ServerAccess {
  readonly url: string;
  /** Longest time without a single byte, in ms; a whole exchange may take ten times as long. */
  readonly timeoutMs: number;
}

export interface ConnectionRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the server's URL. */
  readonly path: PacsAddress;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Replaces the server's `timeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Attempts of one request on connections that the server has closed meanwhile. */
const maxAttempts = 10;

/** A response of which the body has not been read yet. */
export type HttpResponse = Dispatcher.ResponseData;

/** An answer of more bytes than this is refused: it could only exhaust the memory. */
const maxBodyBytes = 2 ** 31 - 1;
/** An idle connection is closed after this time, in ms, or after the shorter time that the server announces. */
const keepAliveTimeoutMs = 30_000;

/**
 * Connections to one HTTP server (undici's pool), kept alive between requests.
 *
 * A request goes to the server's host and to the path as it stands: nothing in a path is resolved (".."), no redirect is followed.
 * A request that fails before any answer because the server had closed its idle connection is sent again; nothing was lost.
 */
export class HttpConnection {
  /** Without credentials and without a slash at its end. */
  readonly url: string;
  readonly #root: string;
  readonly #authorization: Readonly<Record<string, string>>;
  readonly #connect: buildConnector.connector;
  #pool: Pool;
  /** Errors of sockets that had already carried an exchange. */
  readonly #ofReusedSockets = new WeakSet<Error>();

  /** @throws Fault config-invalid for a URL that is not http or https, or a certificate authority that cannot be read */
  constructor(private readonly server: HttpServer) {
    const url = parseUrl(server.url);
    const username = server.username ?? (decodeURIComponent(url.username) || undefined);
    const password = server.password ?? decodeURIComponent(url.password);
    url.username = url.password = '';
    this.url = url.href.replace(/\/+$/, '');
    this.#root = url.pathname.replace(/\/+$/, '');
    this.#authorization =
      username === undefined ? {} : { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    this.#connect = buildConnector({ timeout: server.timeoutMs, ...authority(server.caFile) });
    this.#pool = this.#openPool();
  }

  /**
   * @returns the response as soon as its head is there; any status is a response
   * @throws Fault pacs-unreachable, pacs-malformed (not HTTP), timed-out, internal (a path that `pacsAddress` did not make)
   */
  async send(request: ConnectionRequest, subject: FaultSubject = {}): Promise<HttpResponse> {
    requireAddress(request.path);
    const { timeoutMs = this.server.timeoutMs, signal } = request;
    const deadline = AbortSignal.timeout(timeoutMs * 10);
    const options = {
      method: request.method,
      path: this.#root + request.path,
      headers: { ...this.#authorization, ...tokenHeaders(this.server), ...request.headers },
      body: request.body ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pool.request(options);
      } catch (thrown) {
        // Each attempt ends one idle connection; there are as many as there were requests at one time.
        if (this.#ofReusedSockets.has(thrown as Error) && attempt < maxAttempts) continue;
        throw transportFault(thrown as Error, { answered: false, url: this.url, timeoutMs, subject });
      }
    }
  }

  /** Ends all connections, also those in use; a later request opens a new one. */
  close(): void {
    const closed = this.#pool;
    this.#pool = this.#openPool();
    void closed.destroy();
  }

  #openPool(): Pool {
    return new Pool(new URL(this.url).origin, {
      pipelining: 1,
      keepAliveTimeout: keepAliveTimeoutMs,
      maxResponseSize: maxBodyBytes,
      connect: (options, callback) =>
        this.#connect(options, (...[error, socket]) => {
          if (error) return callback(error, null);
          this.#markErrorsOfReuse(socket);
          callback(null, socket);
        }),
    });
  }

  #markErrorsOfReuse(socket: Socket): void {
    const bytesAtStart = socket.bytesRead;
    socket.on('error', (error) => {
      if (socket.bytesRead > bytesAtStart) this.#ofReusedSockets.add(error);
    });
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new Fault('config-invalid', 'the URL of the PACS must begin with http:// or https://');
}

function authority(caFile: string | undefined): { ca?: Buffer } {
  if (caFile === undefined) return {};
  try {
    return { ca: readFileSync(caFile) };
  } catch (cause) {
    throw new Fault('config-invalid', 'the certificate authority of the PACS cannot be read', { source: caFile }, { cause });
  }
}
