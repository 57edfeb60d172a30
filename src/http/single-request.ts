import type { IncomingHttpHeaders } from 'node:http';
import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import { Fault, type FaultSubject } from '../errors.js';
import { connectionProblem } from '../lib/connect.js';
import type { TlsMaterial } from '../lib/tls-files.js';

/** One request to a system that is not the PACS. */
export interface SingleRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: TlsMaterial | undefined;
  /** HTTP proxy through which the request leaves, such as http://proxy.hospital.example:3128; absent: directly, whatever the environment states. */
  readonly proxy?: string | undefined;
  /** For the whole exchange, in ms. */
  readonly timeoutMs: number;
  /** A longer answer is not read. */
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
}

export interface SingleReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Sends a request on a connection of its own and reads the whole answer, whatever its status. No redirect is followed, so that
 * nothing goes to another system than the configured one.
 *
 * @throws Fault `channel-unavailable`: no connection, certificate not trusted, no complete answer in time, no HTTP; the signal's reason if it is aborted
 */
export async function sendSingleRequest(options: SingleRequest): Promise<SingleReply> {
  const { method, url, headers, body, timeoutMs, signal } = options;
  const { origin, pathname } = new URL(url);
  const subject: FaultSubject = { source: `${origin}${pathname}` };
  const deadline = AbortSignal.timeout(timeoutMs);
  const dispatcher = dispatcherFor(options);
  try {
    const response = await request(url, { method, headers, body: body ?? null, dispatcher, signal: AbortSignal.any([signal, deadline]) });
    const { statusCode: status, headers: answered } = response;
    return { status, headers: answered, body: Buffer.from(await response.body.arrayBuffer()) };
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    const way = options.proxy === undefined ? '' : ` (through the proxy ${options.proxy})`;
    throw new Fault('channel-unavailable', `${problemOf(thrown as Error, timeoutMs)}${way}`, subject, { cause: thrown });
  } finally {
    void dispatcher.destroy();
  }
}

/** For one request. Through a proxy, TLS is spoken with the receiver (CONNECT, RFC 9110 §9.3.6): the proxy reads nothing of it. */
function dispatcherFor({ tls, proxy, timeoutMs, maxAnswerBytes }: SingleRequest): Dispatcher {
  const limits = { maxResponseSize: maxAnswerBytes, headersTimeout: 0, bodyTimeout: 0, pipelining: 1 };
  if (proxy === undefined) return new Agent({ ...limits, connect: { timeout: timeoutMs, ...tls } });
  return new ProxyAgent({ ...limits, uri: proxy, proxyTunnel: false, requestTls: { timeout: timeoutMs, ...tls } });
}

function problemOf(thrown: Error & { readonly code?: unknown }, timeoutMs: number): string {
  const code = typeof thrown.code === 'string' ? thrown.code : thrown.name;
  if (thrown.name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return `no complete answer within ${timeoutMs} ms`;
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return 'the answer has more bytes than are read';
  if (thrown.name === 'HTTPParserError') return `the answer is not HTTP (${code})`;
  const problem = connectionProblem(thrown);
  if (problem !== undefined) return problem;
  if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code)) return `it ended the connection before the end of its answer (${code})`;
  return `no connection (${code})`;
}
