import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { asFault, Fault } from '../errors.js';
import { fetchByEnvironment } from '../http/outgoing-fetch.js';

export interface DownloadOptions {
  /** All 64 hexadecimal digits, or the first of them as far as the publisher states them. */
  readonly sha256: string | undefined;
  /** Where the file is to lie; there is nothing there unless all of it arrived and fits its checksum. */
  readonly into: string;
  /** Longest time without a byte. */
  readonly silenceMs?: number;
}

export interface Download {
  readonly sha256: string;
  readonly bytes: number;
  /** For the model's card: what the checksum was compared with. */
  readonly verified: string;
}

/**
 * Fetches a file of published weights over HTTP(S), redirections included, and through the proxy of HTTPS_PROXY or HTTP_PROXY unless NO_PROXY
 * names the server: it is a person's command, as npm's are.
 *
 * @throws Fault 'model-invalid' if no checksum is known or another was found; 'download-failed' with the server's message
 */
export async function downloadWeights(url: string, { sha256, into, silenceMs = 60_000 }: DownloadOptions): Promise<Download> {
  const source = bareUrl(url);
  if (sha256 === undefined) throw new Fault('model-invalid', 'its publisher states no checksum: give the SHA-256 of the file', { source });
  if (!/^[0-9a-f]{8,64}$/.test(sha256))
    throw new Fault('model-invalid', `expected a SHA-256 of 8 to 64 hexadecimal digits in lower case, found ${sha256}`, { source });
  const part = `${into}.part`;
  try {
    const { digest, bytes } = await receive(url, source, part, silenceMs);
    if (!digest.startsWith(sha256))
      throw new Fault('model-invalid', `expected sha256 ${sha256}${sha256.length < 64 ? '…' : ''}, found ${digest}`, { source });
    await rename(part, into);
    return {
      sha256: digest,
      bytes,
      verified: sha256.length === 64 ? 'all 64 digits of its SHA-256' : `the first ${sha256.length} of the 64 digits of its SHA-256`,
    };
  } finally {
    await rm(part, { force: true });
  }
}

async function receive(
  url: string,
  source: string,
  part: string,
  silenceMs: number,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const outgoing = fetchByEnvironment();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`nothing for ${silenceMs / 1000} s`)), silenceMs);
  const file = await open(part, 'w').catch((error: unknown) => {
    clearTimeout(timer);
    throw asFault(error, 'download-failed', { source });
  });
  try {
    const response = await outgoing
      .fetch(url, { signal: abort.signal })
      .catch((error: unknown) => Promise.reject(abort.signal.aborted ? error : unreachable(error, source)));
    if (!response.ok || !response.body)
      throw new Fault(
        'download-failed',
        `the server answered with status ${response.status}`,
        { source },
        { retryable: response.status >= 500 },
      );
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of response.body) {
      timer.refresh();
      hash.update(chunk);
      // write() may write a part only, as when the disk is nearly full; this writes all of it or fails.
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    const announced = response.headers.get('content-length');
    if (announced !== null && response.headers.get('content-encoding') === null && Number(announced) !== bytes)
      throw new Fault('download-failed', `truncated: expected ${announced} bytes, found ${bytes}`, { source });
    return { digest: hash.digest('hex'), bytes };
  } catch (error) {
    throw asFault(error, 'download-failed', { source });
  } finally {
    clearTimeout(timer);
    outgoing.close();
    await file.close();
  }
}

/** The error of `fetch` states only that it failed; the reason is in its cause. */
function unreachable(error: unknown, source: string): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  const why = cause === undefined ? String(error) : ((cause as NodeJS.ErrnoException).code ?? cause.message);
  return new Fault('download-failed', `the address cannot be reached (${why})`, { source }, { cause: error });
}

/** Without user, password and query, which may be secret. */
function bareUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
