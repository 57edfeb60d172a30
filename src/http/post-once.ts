import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Client } from 'undici';
import { Fault } from '../errors.js';

/** In PEM format: the authority that signed the server's certificate, and our own certificate with its key. */
export interface ClientTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** A server of another system, which is not the PACS. */
export interface PostTarget {
  /** http or https; no redirect is followed. */
  readonly url: string;
  readonly tls?: ClientTls | undefined;
  /** Longest time without a byte of the answer, in ms; a whole exchange may take twice as long. */
  readonly timeoutMs: number;
}

export interface PostReply {
  readonly status: number;
  /** Only its beginning is of use: at most 64 KB are read. */
  readonly body: Buffer;
}

const maxBodyBytes = 65_536;

/**
 * Sends one request with a body and reads the whole answer, on a connection of its own.
 *
 * @returns the answer with any status
 * @throws Fault `channel-unavailable` if there is no connection, no answer in time, or an answer that is cut short or not HTTP
 */
export async function postOnce(
  { url, tls, timeoutMs }: PostTarget,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PostReply> {
  const { origin, pathname, search } = new URL(url);
  const client = new Client(origin, { connect: { timeout: timeoutMs, ...tls }, maxResponseSize: maxBodyBytes, pipelining: 0 });
  try {
    const response = await client.request({
      method: 'POST',
      path: pathname + search,
      headers,
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.any([signal, AbortSignal.timeout(2 * timeoutMs)]),
    });
    return { status: response.statusCode, body: Buffer.from(await response.body.arrayBuffer()) };
  } catch (thrown) {
    throw faultOf(thrown as Error & { code?: unknown }, origin, timeoutMs);
  } finally {
    void client.destroy();
  }
}

function faultOf(thrown: Error & { code?: unknown }, origin: string, timeoutMs: number): Fault {
  const code = typeof thrown.code === 'string' ? thrown.code : thrown.name;
  const options = { cause: thrown };
  if (thrown.name === 'TimeoutError' || /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code))
    return new Fault('channel-unavailable', `${origin}: no answer within ${timeoutMs} ms`, {}, options);
  if (/CERT|SIGNED|SIGNATURE|ALTNAME|ISSUER|SSL|TLS/.test(code))
    return new Fault('channel-unavailable', `${origin}: no trusted connection (${code}); name its authority in tls.ca`, {}, options);
  return new Fault('channel-unavailable', `${origin}: no connection, or it ended before the whole answer was there (${code})`, {}, options);
}

/** @param files PEM files by their use @throws Fault `config-invalid` if one cannot be read or used */
export function loadClientTls(files: { readonly [use in keyof ClientTls]?: string | undefined } = {}): ClientTls {
  const tls: ClientTls = Object.fromEntries(
    Object.entries(files).flatMap(([use, file]) => {
      if (file === undefined) return [];
      try {
        return [[use, readFileSync(file)]];
      } catch (cause) {
        throw new Fault('config-invalid', `tls.${use} ${file} cannot be read`, {}, { cause });
      }
    }),
  );
  try {
    createSecureContext(tls);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault(
      'config-invalid',
      `${Object.values(files).join(', ')}: expected PEM files of a certificate and its key (${reason})`,
      {},
      { cause },
    );
  }
  return tls;
}
