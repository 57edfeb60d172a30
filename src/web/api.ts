import { activityHeaders } from './activity.js';
import { basePath, belowBase } from './base-path.js';

/** Requests to the server. Each error reply becomes an ApiFault with a sentence for people. */

export class ApiFault extends Error {
  override readonly name = 'ApiFault';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** @throws ApiFault; status 0 if the server did not reply */
export async function get<Reply>(path: string): Promise<Reply> {
  return read<Reply>(await send(path, { method: 'GET' }));
}

/**
 * @param options `stay`: a 401 reply is about the content of the request, not about the session. `keepalive`: the request is sent even if the
 *   page is left meanwhile; then the body has at most 64 kB.
 * @throws ApiFault
 */
export async function post<Reply>(
  path: string,
  body?: unknown,
  { stay = false, keepalive = false }: { readonly stay?: boolean; readonly keepalive?: boolean } = {},
): Promise<Reply> {
  return read<Reply>(
    await send(path, {
      method: 'POST',
      keepalive,
      headers: { 'X-Chest-Ai': 'page', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
    stay,
  );
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = { Accept: 'application/json', ...activityHeaders(), ...(init.headers as Record<string, string> | undefined) };
  try {
    return await fetch(belowBase(path), { credentials: 'same-origin', ...init, headers });
  } catch {
    throw new ApiFault(0, 'unreachable', '');
  }
}

async function read<Reply>(response: Response, stay = false): Promise<Reply> {
  const text = await response.text();
  const json: unknown = text === '' ? undefined : parsed(text);
  if (response.ok) return json as Reply;
  // The session has ended: the server shows the login page, which leads back here.
  if (response.status === 401 && !stay) location.assign(loginAddress());
  throw faultOf(response.status, json);
}

function loginAddress(): string {
  return belowBase(`/login?next=${encodeURIComponent(location.pathname.slice(basePath.length))}`);
}

function faultOf(status: number, json: unknown): ApiFault {
  const { error = '', code = 'internal' } = (json ?? {}) as { error?: string; code?: string };
  return new ApiFault(status, code, error);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Sends a file as it is. XMLHttpRequest, because fetch does not tell how far an upload has come.
 *
 * @param onProgress share of the file that has gone, 0 to 1
 * @throws ApiFault; status 0 when the connection broke off
 */
export function upload<Reply>(path: string, file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', belowBase(path));
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('X-File-Name', encodeURIComponent(file.name));
    request.setRequestHeader('X-Chest-Ai', 'page');
    request.setRequestHeader('Accept', 'application/json');
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => {
      const json = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(json as Reply);
      else if (request.status === 401) location.assign(loginAddress());
      else reject(faultOf(request.status, json));
    };
    request.onerror = () => reject(new ApiFault(0, 'unreachable', ''));
    request.onabort = () => reject(new ApiFault(0, 'stopped', ''));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
