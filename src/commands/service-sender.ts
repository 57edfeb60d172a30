import { readFileSync } from 'node:fs';
import { loadConfig } from '../config.js';
import { asFault, Fault } from '../errors.js';

/** Sends requests to the HTTP interface of the running service. @returns the reply */
export type SendToService = (path: string, body?: unknown) => Promise<unknown>;

/**
 * @param tokenFile file with an API token
 * @param url of the service; without it HOST and PORT of the settings
 * @param timeoutMs of a request
 */
export function serviceSender(tokenFile: string, url: string | undefined, timeoutMs = 30_000): SendToService {
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
    if (!response.ok)
      throw new Fault(
        response.status === 404 ? 'not-found' : response.status === 401 || response.status === 403 ? 'request-refused' : 'request-invalid',
        (reply as { error?: string } | undefined)?.error ?? `expected a reply of the service at ${base}, found status ${response.status}`,
      );
    return reply;
  };
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
