import { readFileSync } from 'node:fs';
import { Client } from 'undici';
import { Fault } from '../errors.js';

/** A server of another system, which is not the PACS. */
export interface PostTarget {
  /** http or https; no redirect is followed. */
  readonly url: string;
  /** PEM files: the authority that signed the server's certificate, and our own certificate with its key. */
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined;
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
 * @throws Fault `channel-unavailable` if there is no connection, no answer in time, or an answer that is cut short or not HTTP;
 *   `config-invalid` if a file of the setting tls cannot be read
 */
export async function postOnce(
  { url, tls, timeoutMs }: PostTarget,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PostReply> {
  const { origin, pathname, search } = new URL(url);
  const client = new Client(origin, { connect: { timeout: timeoutMs, ...filesOf(tls) }, maxResponseSize: maxBodyBytes, pipelining: 0 });
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

function filesOf(tls: PostTarget['tls'] = {}): Readonly<Record<string, Buffer>> {
  return Object.fromEntries(
    Object.entries(tls).flatMap(([name, file]) => {
      if (file === undefined) return [];
      try {
        return [[name, readFileSync(file)]];
      } catch (cause) {
        throw new Fault('config-invalid', `tls.${name} ${file} cannot be read`, {}, { cause });
      }
    }),
  );
}
