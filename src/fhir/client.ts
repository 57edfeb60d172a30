import { Fault, type FaultSubject } from '../errors.js';
import { retryAfterMsOf } from '../http/retry-after.js';
import { sendSingleRequest, type SingleReply } from '../http/single-request.js';
import type { TlsMaterial } from '../lib/tls-files.js';
import type { Bundle, ReadResource } from './data-types.js';
import { outcomeText } from './operation-outcome.js';

export interface FhirServer {
  /** Base address, e.g. https://fhir.hospital.example/r4 */
  readonly url: string;
  readonly token?: string | undefined;
  readonly tls?: TlsMaterial | undefined;
  /** HTTP proxy through which the requests leave. */
  readonly proxy?: string | undefined;
  /** For one exchange, in ms. */
  readonly timeoutMs: number;
}

/** An entry of a transaction's answer (FHIR R4 §3.1.0.11.2). */
export interface TransactionOutcome {
  /** Type and ID, `DiagnosticReport/12`, if the server states them. */
  readonly location?: string;
}

const maxAnswerBytes = 16 << 20;
/** Statuses of 4xx after which the same request may succeed: somebody renews the token, or the server is less busy. */
const passing: ReadonlySet<number> = new Set([401, 403, 407, 408, 409, 423, 425, 429]);

/**
 * A FHIR R4 server, over HTTP with JSON.
 *
 * Methods throw Fault `channel-unavailable` (no connection, no or no readable answer, 401, 403, 408, 409, 429, 5xx) or `message-refused`
 * (a redirect, every other 4xx).
 */
export class FhirClient {
  constructor(private readonly server: FhirServer) {}

  /** @returns what became of each entry, in their order */
  async transaction(bundle: Bundle, signal: AbortSignal): Promise<readonly TransactionOutcome[]> {
    const answer = await this.#exchange('POST', '', signal, JSON.stringify(bundle));
    const entries = bundleEntries(answer, 'transaction-response');
    if (entries?.length !== bundle.entry.length)
      throw this.#unreadable(`a transaction-response with ${bundle.entry.length} entries`, entries && `${entries.length} entries`);
    return entries.map(({ response }) => {
      const { status, location } = (response ?? {}) as { readonly status?: unknown; readonly location?: unknown };
      if (!/^2\d\d\b/.test(String(status))) throw this.#unreadable('a status 2xx for each entry of the transaction', 'another status');
      const [place] = /(?:^|\/)([A-Z]\w*\/[A-Za-z0-9.-]{1,64})(?=\/_history\/|$)/.exec(String(location ?? ''))?.slice(1) ?? [];
      return place === undefined ? {} : { location: place };
    });
  }

  /**
   * @param query of a search in one resource type, already encoded
   * @returns the resources of this type on the first page of the answer
   */
  async search(resourceType: string, query: string, signal: AbortSignal): Promise<readonly ReadResource[]> {
    const answer = await this.#exchange('GET', `/${resourceType}?${query}`, signal);
    const entries = bundleEntries(answer, 'searchset');
    if (entries === undefined) throw this.#unreadable('a searchset', undefined);
    return entries
      .map(({ resource }) => resource as ReadResource | undefined)
      .filter((one) => one?.resourceType === resourceType) as ReadResource[];
  }

  async #exchange(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: string): Promise<unknown> {
    const { url, token, tls, proxy, timeoutMs } = this.server;
    const reply = await sendSingleRequest({
      method,
      url: url.replace(/\/+$/, '') + path,
      headers: {
        Accept: 'application/fhir+json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/fhir+json', Prefer: 'return=minimal' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body }),
      tls,
      proxy,
      timeoutMs,
      maxAnswerBytes,
      signal,
    });
    if (reply.status >= 200 && reply.status < 300) return this.#jsonOf(reply);
    throw this.#faultOf(reply);
  }

  #faultOf(reply: SingleReply): Fault {
    const { status, headers } = reply;
    if (status >= 300 && status < 400)
      return new Fault(
        'message-refused',
        `HTTP ${status}: it redirects to another address, which is not followed; configure the final address`,
        this.#subject,
      );
    const wait = waitingTime(headers['retry-after']);
    const reasons = [hints[status], wait === undefined ? undefined : `it asks to wait ${wait}`, outcomeText(parsed(reply))];
    const retryAfterMs = retryAfterMsOf(headers['retry-after']);
    const detail = [`HTTP ${status}`, ...reasons.filter((one) => one !== undefined && one !== '')].join('; ');
    const code = status >= 500 || passing.has(status) ? 'channel-unavailable' : 'message-refused';
    return new Fault(code, detail, this.#subject, { retryAfterMs });
  }

  #jsonOf(reply: SingleReply): unknown {
    const json = parsed(reply);
    if (json === undefined) throw this.#unreadable('JSON', `${reply.body.length} bytes that are none`);
    return json;
  }

  #unreadable(expected: string, found = 'something else'): Fault {
    return new Fault('channel-unavailable', `expected ${expected} in the answer, found ${found}`, this.#subject);
  }

  get #subject(): FaultSubject {
    const { origin, pathname } = new URL(this.server.url);
    return { source: `${origin}${pathname}` };
  }
}

const hints: Readonly<Record<number, string>> = {
  401: 'it does not accept the token or the certificate',
  403: 'the token or the certificate does not permit this',
  404: 'is the base address of the FHIR server right, and does it support transactions?',
  405: 'it does not support transactions',
  412: 'several resources have an identifier of this result, or one was changed meanwhile',
};

function waitingTime(header: string | string[] | undefined): string | undefined {
  const text = String(header ?? '').trim();
  if (/^\d{1,6}$/.test(text)) return `${text} s`;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : `until ${moment.toISOString()}`;
}

function parsed({ body }: SingleReply): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function bundleEntries(json: unknown, type: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  const bundle = json as { readonly resourceType?: unknown; readonly type?: unknown; readonly entry?: unknown } | null;
  if (bundle?.resourceType !== 'Bundle' || bundle.type !== type) return undefined;
  const entries: unknown = bundle.entry ?? [];
  return Array.isArray(entries) && entries.every((one) => typeof one === 'object' && one !== null) ? entries : undefined;
}
