import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Fault, type FaultSubject } from '../errors.js';
import { requireAddress, type PacsAddress } from './pacs-address.js';
import { Slots } from './slots.js';

export { Slots } from './slots.js';

/** Where an HTTP server of the PACS is, and how long one silence or one exchange may last. */
export interface HttpEndpoint {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM file with the authority that signed the server's certificate; otherwise the system's authorities. */
  readonly caFile?: string | undefined;
  /** Longest time without a single byte; a whole exchange may take ten times as long. */
  readonly timeoutMs: number;
  /** Exchanges under way at one time; further ones wait their turn. A number is for this endpoint alone; clients of one PACS share Slots. */
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
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A body larger than this is refused: it could only exhaust the memory. */
const maxBodyBytes = 2 ** 31 - 1;

export interface HttpConnection {
  /** Without credentials and without a slash at its end. */
  readonly url: string;
  readonly agent: http.Agent;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
}

/** How to reach an endpoint: credentials from its settings or its URL, its own certificate authority, connections kept. */
export function connectionTo(
  endpoint: Pick<HttpEndpoint, 'url' | 'username' | 'password' | 'caFile'>,
  maxSockets = Infinity,
): HttpConnection {
  const url = parseUrl(endpoint.url);
  const username = endpoint.username ?? (decodeURIComponent(url.username) || undefined);
  const password = endpoint.password ?? decodeURIComponent(url.password);
  url.username = url.password = '';
  const options = { keepAlive: true, keepAliveMsecs: 30_000, scheduling: 'lifo', maxSockets } as const;
  return {
    url: url.href.replace(/\/+$/, ''),
    agent: url.protocol === 'https:' ? new https.Agent({ ...options, ...authority(endpoint.caFile) }) : new http.Agent(options),
    authorization: username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  };
}

/**
 * HTTP with everything that a fetch in Node 20 cannot do without a further package: an own certificate
 * authority, keep-alive, bounded concurrency, a limit on silence, and a body cut short noticed as such.
 * Whatever goes wrong on the way becomes a Fault; any status at all is an answer.
 */
export class HttpExchange {
  readonly url: string;
  private readonly agent: http.Agent;
  private readonly authorization: string | undefined;
  private readonly slots: Slots;

  constructor(private readonly endpoint: HttpEndpoint) {
    ({ url: this.url, agent: this.agent, authorization: this.authorization } = connectionTo(endpoint));
    const { maxConcurrent = 8 } = endpoint;
    this.slots = typeof maxConcurrent === 'number' ? new Slots(maxConcurrent) : maxConcurrent;
  }

  /** @throws Fault pacs-unreachable, pacs-malformed (answer cut short, not HTTP), timed-out */
  async exchange(request: HttpRequest): Promise<HttpReply> {
    return this.slots.use(() =>
      this.send(request).catch((thrown: unknown) => {
        if (thrown instanceof StaleConnection) return this.send(request);
        throw thrown;
      }),
    );
  }

  /** Drops idle connections; an exchange after this opens a new one. */
  close(): void {
    this.agent.destroy();
  }

  private send(request: HttpRequest): Promise<HttpReply> {
    const timeoutMs = request.timeoutMs ?? this.endpoint.timeoutMs;
    const subject = { source: request.path.split('?')[0]!, ...request.subject };
    const headers: Record<string, string> = { Accept: 'application/json', ...request.headers };
    if (this.authorization) headers['Authorization'] = this.authorization;
    if (request.body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(request.body));
    const target = targetOf(this.url, request.path);

    return new Promise<HttpReply>((resolve, reject) => {
      const sent = target.open({ ...target.options, method: request.method ?? 'GET', headers, agent: this.agent, timeout: timeoutMs });
      const tooSlow = () => sent.destroy(new Fault('timed-out', `no answer within ${timeoutMs} ms`, subject));
      const deadline = setTimeout(tooSlow, timeoutMs * 10);
      const finish = (outcome: () => void) => {
        clearTimeout(deadline);
        outcome();
      };
      let answered = false;
      const fail = (thrown: Error & { code?: string }) =>
        finish(() => {
          const stale = !answered && isStale(sent, thrown);
          reject(stale ? new StaleConnection() : transportFault(thrown, answered, this.endpoint.url, subject));
        });
      sent.on('timeout', tooSlow).on('error', fail);
      sent.on('response', (response) => {
        answered = true;
        collect(response, subject).then(
          (body) => finish(() => resolve({ status: response.statusCode ?? 0, headers: response.headers, body })),
          (thrown: Error) => {
            sent.destroy();
            fail(thrown);
          },
        );
      });
      sent.end(request.body);
    });
  }
}

/** The server had closed an idle connection just as we used it again: nothing was lost, send it once more. */
export class StaleConnection extends Error {}

/** Whether a request failed, before any answer, because its kept connection was already closed. */
export function isStale(sent: http.ClientRequest, thrown: Error & { code?: string }): boolean {
  return sent.reusedSocket && (thrown.code === 'ECONNRESET' || thrown.code === 'EPIPE');
}

/**
 * Where a request goes: host and path apart, so that nothing in the path is resolved on the way ("..") or taken for another
 * host. A redirect is an answer like any other, it is not followed.
 */
export function targetOf(base: string, path: PacsAddress): { readonly open: typeof http.request; readonly options: http.RequestOptions } {
  requireAddress(path);
  const url = new URL(base);
  const root = url.pathname.replace(/\/+$/, '');
  return {
    open: url.protocol === 'https:' ? https.request : http.request,
    options: {
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      ...(url.port ? { port: Number(url.port) } : {}),
      path: root + path,
    },
  };
}

async function collect(response: http.IncomingMessage, subject: FaultSubject): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes)
      throw new Fault('pacs-malformed', `an answer of more than ${maxBodyBytes} bytes`, subject, { retryable: false });
    chunks.push(chunk);
  }
  if (!response.complete) throw new Fault('pacs-malformed', `the answer ended after ${length} bytes, before its end`, subject);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
}

function transportFault(thrown: Error & { code?: string }, answered: boolean, url: string, subject: FaultSubject): Fault {
  if (thrown instanceof Fault) return thrown;
  const code = thrown.code ?? '';
  if (answered) return new Fault('pacs-malformed', `the answer broke off (${code || thrown.message})`, subject, { cause: thrown });
  if (code.startsWith('HPE_')) return new Fault('pacs-malformed', `the answer is not HTTP (${code})`, subject, { cause: thrown });
  if (/CERT|SIGNED|SIGNATURE|ALTNAME|ISSUER|SSL|TLS/.test(code)) {
    return new Fault(
      'pacs-unreachable',
      `its certificate is not trusted (${code}); name its authority's file in the configuration`,
      subject,
      { cause: thrown },
    );
  }
  const server = new URL(url);
  const what = code === 'ECONNRESET' || code === 'EPIPE' ? 'it ended the connection without an answer' : 'no connection';
  return new Fault('pacs-unreachable', `${what}, ${server.protocol}//${server.host} (${code || thrown.message})`, subject, {
    cause: thrown,
  });
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new Fault('config-invalid', 'the URL of the PACS must begin with http:// or https://');
}

function authority(caFile: string | undefined): { ca: Buffer } | undefined {
  if (caFile === undefined) return undefined;
  try {
    return { ca: readFileSync(caFile) };
  } catch (cause) {
    throw new Fault('config-invalid', 'the certificate authority of the PACS cannot be read', { source: caFile }, { cause });
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
  const passing = status >= 500 || status === 429;
  return new Fault('pacs-error', text, subject, { retryable: passing });
}

/** @throws Fault pacs-malformed if the body is not JSON */
export function jsonOf(reply: HttpReply, subject: FaultSubject): unknown {
  try {
    return JSON.parse(reply.body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new Fault('pacs-malformed', `${reply.body.length} bytes that are not JSON`, subject, { cause });
  }
}
