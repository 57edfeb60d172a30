import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { asFault, Fault } from '../errors.js';

export interface UnpackLimits {
  readonly entries: number;
  /** Of all entries together. */
  readonly bytes: number;
  readonly bytesOfOne: number;
  /** Uncompressed over compressed size, of each entry and of the archive: X-rays compress to a third, bombs to a thousandth. */
  readonly ratio: number;
}

export const unpackLimits: UnpackLimits = { entries: 5_000, bytes: 2 ** 30, bytesOfOne: 2 ** 28, ratio: 150 };
/** A small file of one value compresses well and harms nobody; a few of them neither. */
const harmlessBytes = 2 ** 22;
const harmlessTotal = 2 ** 25;
/** Room is asked for in parts of this. */
const partBytes = 16 * 2 ** 20;

export interface UnpackOptions {
  /** Called before bytes are written. @throws to stop the unpacking */
  reserve?(bytes: number): Promise<void>;
}

export interface UnpackedFile {
  /** Base name as the archive has it; for people only, the file on disk has a name of ours. */
  readonly name: string;
  readonly path: string;
}

/**
 * Unpacks a ZIP archive into a folder, within limits that are counted on what really comes out, not on what the archive
 * says of itself. Archives in it are not opened.
 *
 * @throws Fault `upload-refused` for a bomb, too many entries, encryption, or what is no ZIP
 */
export async function unpackZip(
  archive: string,
  directory: string,
  limits: UnpackLimits = unpackLimits,
  { reserve = async () => undefined }: UnpackOptions = {},
): Promise<readonly UnpackedFile[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(archive, { lazyEntries: true, autoClose: false, validateEntrySizes: true });
    if (zip.entryCount > limits.entries) throw refused(`it has ${zip.entryCount} entries, at most ${limits.entries} are looked at`);
    const files: UnpackedFile[] = [];
    // Of the archive as of each entry: many small entries that each pass for harmless are a bomb together.
    const total = { ...limits, bytes: Math.min(limits.bytes, Math.max(harmlessTotal, (await stat(archive)).size * limits.ratio)) };
    const room = { reserved: 0, reserve };
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/') || isHidden(entry.fileName)) continue;
      if (entry.isEncrypted()) throw refused('it is encrypted; unpack it and send the images');
      const path = join(directory, String(files.length));
      bytes += await unpackEntry(zip, entry, path, bytes, total, room);
      files.push({ name: entry.fileName.split(/[/\\]/).at(-1)!.slice(0, 100), path });
    }
    return files;
  } catch (error) {
    const fault = asFault(error, 'upload-refused');
    if (error instanceof Fault || fault.code === 'disk-full') throw fault;
    throw refused('it cannot be read as a ZIP archive', error);
  } finally {
    zip?.close();
  }
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  path: string,
  before: number,
  limits: UnpackLimits,
  room: { reserved: number; reserve(bytes: number): Promise<void> },
): Promise<number> {
  const maxBytes = Math.min(limits.bytesOfOne, Math.max(harmlessBytes, entry.compressedSize * limits.ratio), limits.bytes - before);
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length;
      if (bytes > maxBytes) next(refused('it would unpack to far more than it holds: it is taken for a ZIP bomb'));
      else if (before + bytes <= room.reserved) next(null, chunk);
      else {
        room.reserved += partBytes;
        room.reserve(partBytes).then(() => next(null, chunk), next);
      }
    },
  });
  await pipeline(await zip.openReadStreamPromise(entry), counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  return bytes;
}

/** Files that archivers add by themselves. */
function isHidden(name: string): boolean {
  return name.startsWith('__MACOSX/') || name.split('/').at(-1)!.startsWith('.');
}

function refused(why: string, cause?: unknown): Fault {
  return new Fault('upload-refused', why, {}, { cause });
}
