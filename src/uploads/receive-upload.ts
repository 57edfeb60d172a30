import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asFault, Fault } from '../errors.js';

/** A file that somebody sent, on disk under a name of ours for as long as it is looked at. */
export interface ReceivedUpload {
  readonly path: string;
  readonly bytes: number;
  /** Nothing is stored. */
  remove(): Promise<void>;
}

export interface ReceiveOptions {
  /** Made if it is not there; what a process that died has left in it is removed by removeAbandonedUploads. */
  readonly directory: string;
  readonly maxBytes: number;
  /** Content-Length, where it is stated: what is too large is refused before it has come. */
  readonly declaredBytes?: number | undefined;
  /** Called before bytes are written: with all declared bytes, or with one part at a time. */
  reserve?(bytes: number): Promise<void>;
}

/** Space for an upload without a stated length is reserved in parts of this size. */
const partBytes = 16 * 2 ** 20;

/**
 * Writes an upload to disk as it comes, so that memory does not grow with it.
 *
 * @throws Fault `upload-too-large`; `upload-broken-off` when the sender went away; `disk-full`
 */
export async function receiveUpload(
  source: Readable,
  { directory, maxBytes, declaredBytes, reserve = async () => undefined }: ReceiveOptions,
): Promise<ReceivedUpload> {
  if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
  if (declaredBytes !== undefined) await reserve(declaredBytes);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, randomUUID());
  const remove = (): Promise<void> => rm(path, { force: true });
  let bytes = 0;
  let reserved = declaredBytes ?? 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length;
      if (bytes > maxBytes) next(tooLarge(maxBytes));
      else if (bytes <= reserved) next(null, chunk);
      else {
        reserved += partBytes;
        reserve(partBytes).then(() => next(null, chunk), next);
      }
    },
  });
  try {
    // Opened before anything can fail: a file that is still being opened would appear after its removal.
    const file = await open(path, 'wx', 0o600);
    await pipeline(source, counted, file.createWriteStream());
    if (declaredBytes !== undefined && bytes < declaredBytes)
      throw new Fault('upload-broken-off', `expected ${declaredBytes} bytes, ${bytes} came`);
    return { path, bytes, remove };
  } catch (error) {
    await remove();
    throw asFault(error, 'upload-broken-off');
  }
}

export function tooLarge(maxBytes: number): Fault {
  return new Fault('upload-too-large', `at most ${Math.round(maxBytes / 2 ** 20)} MB can be looked at at once`);
}
