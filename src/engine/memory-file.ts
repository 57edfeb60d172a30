import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** Values that lie in a memory file and not in the message. */
export interface Placed {
  readonly byteOffset: number;
  /** Of 32-bit floats. */
  readonly length: number;
}

/** The descriptor of the file in a compute process: it follows those of standard input, output, error output and the message channel. */
export const memoryFileDescriptor = 4;

/** Below this size a message is as fast. */
const minBytes = 64 * 1024;
/** What waits beyond this size goes by message. */
const maxBytes = 512 * 2 ** 20;
/** What the file keeps between requests. */
const keptBytes = 32 * 2 ** 20;

/**
 * A file in memory (Linux: tmpfs) by which a compute process receives images: written and read once, where a message is serialised, sent
 * through a socket in small pieces, and parsed (tests/bench/compute-process.ts). It has no name: nobody else can open it, and it ends with
 * its processes.
 */
export class MemoryFile {
  /** Read-only, for the compute process. */
  readonly readable: number;
  readonly #descriptor: number;
  /** Of requests that are not answered yet, in the order of their place. */
  readonly #taken: Placed[] = [];
  #size = 0;

  private constructor(descriptor: number, readable: number) {
    this.#descriptor = descriptor;
    this.readable = readable;
  }

  /** Undefined where the system has no such folder, or the service may not write there: requests then go by message. */
  static create(folder = '/dev/shm'): MemoryFile | undefined {
    const path = join(folder, `chest-ai-${randomUUID()}`);
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, 'wx+', 0o600);
      return new MemoryFile(descriptor, openSync(path, 'r'));
    } catch {
      if (descriptor !== undefined) closeSync(descriptor);
      return undefined;
    } finally {
      if (descriptor !== undefined) unlinkSync(path);
    }
  }

  /** Undefined for little, and where there is no room for it. */
  put(values: Float32Array): Placed | undefined {
    if (values.byteLength < minBytes) return undefined;
    const byteOffset = this.#gap(values.byteLength);
    if (byteOffset + values.byteLength > maxBytes) return undefined;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done, bytes.length - done, byteOffset + done);
    } catch {
      // tmpfs is full: in containers it is often 64 MB
      return undefined;
    }
    const placed = { byteOffset, length: values.length };
    this.#taken.splice(this.#taken.findLastIndex((one) => one.byteOffset < byteOffset) + 1, 0, placed);
    this.#size = Math.max(this.#size, byteOffset + values.byteLength);
    return placed;
  }

  /** The request is answered. */
  free(placed: readonly Placed[]): void {
    for (const one of placed) this.#taken.splice(this.#taken.indexOf(one), 1);
    if (this.#taken.length > 0 || this.#size <= keptBytes) return;
    ftruncateSync(this.#descriptor, keptBytes);
    this.#size = keptBytes;
  }

  /** The compute process has its own descriptor now. */
  closeReadable(): void {
    closeSync(this.readable);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** The first place with so much room. */
  #gap(bytes: number): number {
    let end = 0;
    for (const { byteOffset, length } of this.#taken) {
      if (byteOffset - end >= bytes) break;
      end = byteOffset + length * Float32Array.BYTES_PER_ELEMENT;
    }
    return end;
  }
}

/** A request without its images, each of them placed. */
export function withImagesPlaced(request: object, file: MemoryFile): { readonly request: object; readonly placed: readonly Placed[] } {
  const placed: Placed[] = [];
  const moved = mapped(request, (value) => {
    const place = value instanceof Float32Array ? file.put(value) : undefined;
    if (!place) return value;
    placed.push(place);
    return { placed: place };
  });
  return { request: moved as object, placed };
}

/** The request as it was before `withImagesPlaced`, in the compute process. */
export function withImagesRead<Request>(request: Request, descriptor = memoryFileDescriptor): Request {
  return mapped(request, (value) => (isPlaced(value) ? read(value.placed, descriptor) : value)) as Request;
}

function read({ byteOffset, length }: Placed, descriptor: number): Float32Array {
  const values = new Float32Array(length);
  const bytes = new Uint8Array(values.buffer);
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(descriptor, bytes, done, bytes.length - done, byteOffset + done);
    if (count === 0) throw new Error(`expected ${bytes.length} bytes in the memory file, found ${done}`);
    done += count;
  }
  return values;
}

/** Nothing else in a request looks like this: what sites name (labels, outputs) has other values. */
function isPlaced(value: unknown): value is { readonly placed: Placed } {
  if (!isPlain(value) || !isPlain(value['placed'])) return false;
  const { byteOffset, length } = value['placed'];
  return Object.keys(value).length === 1 && typeof byteOffset === 'number' && typeof length === 'number';
}

/** A value with the changes of `change`, which looks at plain objects and what they hold, not into maps and arrays. */
function mapped(value: unknown, change: (value: unknown) => unknown): unknown {
  const changed = change(value);
  if (changed !== value || !isPlain(value)) return changed;
  const entries = Object.entries(value).map(([key, one]) => [key, mapped(one, change)] as const);
  return entries.some(([key, one]) => one !== value[key]) ? Object.fromEntries(entries) : value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
}
