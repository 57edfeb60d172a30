import { closeSync, openSync } from 'node:fs';
import { dirname, join, basename } from 'node:path';
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

/*
 * The embedded database belongs to the process of the service. Commands of the same account of the operating system send it their
 * statements through a Unix socket. A frame is a length of 4 bytes and a value of structured cloning, which keeps dates and bytes.
 * On each socket a reply follows each request, in order.
 */

export type DatabaseRequest =
  | { readonly kind: 'query'; readonly text: string; readonly values: readonly unknown[]; readonly arrays: boolean }
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' };

/** What an error of the database has that its receiver acts on. */
export interface SentError {
  readonly message: string;
  /** Code of a Fault. */
  readonly fault?: string;
  readonly detail?: string;
  /** SQLSTATE or errno. */
  readonly code?: string;
}

export type DatabaseReply = { readonly rows: readonly unknown[] } | { readonly error: SentError };

/** A statement with its values is never larger; a model's weights are stored in parts. */
const maxFrameBytes = 256 * 1024 * 1024;
/** Of sockaddr_un.sun_path (unix(7): 108 bytes on Linux, 104 on macOS), with room for the zero. */
const maxPathBytes = 100;

export function sendFrame(socket: Socket, value: DatabaseRequest | DatabaseReply): void {
  const body = serialize(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.byteLength);
  socket.write(Buffer.concat([head, body]));
}

/** @throws RangeError for a frame that is too large: the other side does not speak this protocol */
export async function* framesOf(socket: Socket): AsyncGenerator {
  let rest: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let gathered = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    parts.push(chunk);
    gathered += chunk.byteLength;
    for (;;) {
      const available = rest.byteLength + gathered;
      if (rest.byteLength < 4 && parts.length > 0) {
        rest = Buffer.concat([rest, ...parts]);
        parts = [];
        gathered = 0;
      }
      if (rest.byteLength < 4) break;
      const length = rest.readUInt32BE();
      if (length > maxFrameBytes) throw new RangeError(`expected a frame of at most ${maxFrameBytes} bytes, found ${length}`);
      if (available < 4 + length) break;
      rest = Buffer.concat([rest, ...parts]);
      parts = [];
      gathered = 0;
      yield deserialize(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
  }
}

/** The socket of an embedded database; the folder is for its own account only. */
export function databaseSocket(dataDir: string): string {
  return join(dataDir, 'run', 'database.sock');
}

/**
 * A path for bind(2) and connect(2), which refuse long ones; Linux reaches a folder by its descriptor.
 *
 * @returns with what releases the descriptor
 */
export function shortPath(path: string): { readonly path: string; release(): void } {
  if (Buffer.byteLength(path) <= maxPathBytes || process.platform !== 'linux') return { path, release: () => undefined };
  const folder = openSync(dirname(path), 'r');
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, release: () => closeSync(folder) };
}
