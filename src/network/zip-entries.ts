const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;

/** A file of a zip archive as it lies there. */
export interface ZipEntry {
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** Of the file itself, in bytes, as the archive states it. */
  readonly size: number;
  readonly data: Uint8Array;
}

/**
 * The files of a zip archive whose entries are stored, not compressed, as `torch.save` writes it (PKWARE's APPNOTE 4.3).
 *
 * @throws Error for anything else
 */
export function zipEntries(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return new Map(
    [...zipDirectory(bytes)].map(([name, { method, data }]) => {
      if (method !== 0) throw new Error(`${name} is compressed`);
      return [name, data];
    }),
  );
}

/** The files of a zip archive, compressed or not. @throws Error for what is no whole archive */
export function zipDirectory(bytes: Uint8Array): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const entries = new Map<string, ZipEntry>();
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== directoryEntry) throw new Error(`no entry of the archive's directory at ${at}`);
    const [method, packed, size, nameLength, extraLength, commentLength, local] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 24, true),
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
      view.getUint32(at + 42, true),
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (begin + packed > bytes.length) throw new Error(`truncated: ${name} ends at ${begin + packed}, the file at ${bytes.length}`);
    entries.set(name, { method, size, data: bytes.subarray(begin, begin + packed) });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** The record at the end; a comment of up to 64 KB may follow it. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--)
    if (view.getUint32(at, true) === endOfDirectory) return at;
  throw new Error('truncated: the archive has no directory');
}
