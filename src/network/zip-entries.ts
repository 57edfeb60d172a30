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
      if (method !== 0) throw new Error(`${name} is compressed, which torch.save does not do`);
      return [name, data];
    }),
  );
}

/** The files of a zip archive, compressed or not. @throws Error for what is no whole archive, and for names that lead outside it */
export function zipDirectory(bytes: Uint8Array): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const entries = new Map<string, ZipEntry>();
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== directoryEntry)
      throw new Error(`no entry of the archive's directory at ${at}`);
    const [method, nameLength, extraLength, commentLength] = [
      view.getUint16(at + 10, true),
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const { packed, size, local } = placeOf(view, at, nameLength, extraLength);
    if (leadsOutside(name)) throw new Error(`the entry ${name} would lie outside the archive`);
    if (entries.has(name)) throw new Error(`two entries are called ${name}`);
    if (local + 30 > bytes.length) throw new Error(`truncated: ${name} begins at ${local}, the file ends at ${bytes.length}`);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (begin + packed > bytes.length) throw new Error(`truncated: ${name} ends at ${begin + packed}, the file at ${bytes.length}`);
    entries.set(name, { method, size, data: bytes.subarray(begin, begin + packed) });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

function leadsOutside(name: string): boolean {
  return /^\/|^[A-Za-z]:|\\|(^|\/)\.\.(\/|$)/.test(name);
}

interface Place {
  readonly packed: number;
  readonly size: number;
  /** Offset of the local header. */
  readonly local: number;
}

/** Where in an entry of the directory its sizes stand; those that do not fit, or of a writer that notes them so, in an extra field (APPNOTE 4.5.3). */
function placeOf(view: DataView, at: number, nameLength: number, extraLength: number): Place {
  const overflow = 0xffffffff;
  const stated = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  if (stated.includes(overflow)) {
    const begin = at + 46 + nameLength;
    const end = Math.min(begin + extraLength, view.byteLength);
    let field = begin;
    while (field + 4 <= end && view.getUint16(field, true) !== 1) field += 4 + view.getUint16(field + 2, true);
    let next = field + 4;
    for (const [index, value] of stated.entries()) {
      if (value !== overflow) continue;
      if (next + 8 > end) throw new Error('an entry of the archive states no size');
      stated[index] = Number(view.getBigUint64(next, true));
      next += 8;
    }
  }
  const [size, packed, local] = stated;
  return { size: size!, packed: packed!, local: local! };
}

/** The record at the end; a comment of up to 64 KB may follow it. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--)
    if (view.getUint32(at, true) === endOfDirectory) return at;
  throw new Error('truncated: the archive has no directory');
}
