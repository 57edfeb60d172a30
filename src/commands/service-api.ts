import { readFileSync } from 'node:fs';
import { loadConfig } from '../config.js';
import { asFault, Fault, faultCodes, meaningOf } from '../errors.js';

/** How a command reaches the running service. */
export interface ServiceOptions {
  readonly tokenFile?: string;
  readonly url?: string;
  readonly json: boolean;
}

/** Sends a request to the HTTP API of the running service. @param body absent for GET @throws Fault as the service answers */
export type ServiceApi = (path: string, body?: unknown) => Promise<unknown>;

/**
 * The service by its HTTP API.
 *
 * @param url default: host and port of the settings, on this machine
 * @param timeoutMs of a request
 */
export function serviceApi(tokenFile: string, url: string | undefined, timeoutMs = 30_000): ServiceApi {
  const token = tokenIn(tokenFile);
  const base = serviceUrl(url);
  return async (path, body) => {
    const method = body === undefined ? 'GET' : 'POST';
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new Fault('request-invalid', `expected the running service at ${base}, found no answer (${reasonOf(error)})`);
    }
    const reply: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw faultOf(response.status, reply, base);
    return reply;
  };
}

/** The sentence of the service begins with the meaning of its code, which the fault adds itself. */
function faultOf(status: number, reply: unknown, base: string): Fault {
  const { error, code } = (reply ?? {}) as { readonly error?: string; readonly code?: string };
  const detail = error ?? `expected a reply of the service at ${base}, found status ${status}`;
  const known = faultCodes.find((one) => one === code);
  if (known) return new Fault(known, detail.replace(`${meaningOf(known)}: `, ''));
  return new Fault(status === 404 ? 'not-found' : status === 401 || status === 403 ? 'request-refused' : 'request-invalid', detail);
}

function tokenIn(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw asFault(error, 'request-invalid', { source: file });
  }
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Fault('request-invalid', `expected a token in ${file}, found other text or nothing`);
  return token;
}

function serviceUrl(given: string | undefined): string {
  if (given !== undefined) {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new Fault('request-invalid', `expected --url as an http or https address, found ${given}`);
    return given.replace(/\/+$/, '');
  }
  const { host, port } = loadConfig().server;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { readonly cause?: { readonly code?: string }; readonly message?: string };
  return cause?.code ?? message ?? 'unknown';
}
