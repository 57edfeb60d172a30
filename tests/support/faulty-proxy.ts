import net from 'node:net';

/** What the proxy does to one connection's answer. */
export type Mischief =
  | { readonly kind: 'none' }
  /** An answer of our own, with this status, in place of the server's. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  /** The server's answer, held back. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The connection is closed after so many bytes of the server's answer, head included. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection is closed after the head and so many bytes of the body: heads of two versions of a server have not the same length. */
  | { readonly kind: 'cutBody'; readonly afterBytes: number }
  /** A whole HTTP answer whose body is only the beginning of the server's: what a failing intermediary produces. */
  | { readonly kind: 'shorten'; readonly keepBytes: number }
  /** Bytes that are not HTTP. */
  | { readonly kind: 'garble' }
  /**
   * Calls `spring` and answers nothing: before the server hears of the request, or after it has answered.
   * To end a program at a known step of its work.
   */
  | { readonly kind: 'trap'; readonly when: 'before' | 'after'; readonly spring: () => void }
  /** Connections are refused. */
  | { readonly kind: 'refuse' };

export interface FaultyProxy {
  readonly url: string;
  /** Requests that have passed or been answered, as "GET /path". */
  readonly requests: readonly string[];
  /** Most requests under way at one moment. */
  readonly maxAtOnce: number;
  /** From the next request on; `only` limits it to requests whose "METHOD /path" matches, `times` to so many of them. */
  misbehave(mischief: Mischief, limits?: { readonly only?: RegExp; readonly times?: number }): void;
  behave(): void;
  close(): Promise<void>;
}

/**
 * A TCP proxy in front of a real Orthanc that breaks what passes through it. One request a connection ("Connection: close" is
 * put into each), so that each can be treated by itself; answers are otherwise byte for byte the server's.
 */
export async function startFaultyProxy(target: { readonly url: string }): Promise<FaultyProxy> {
  const server = new URL(target.url);
  const requests: string[] = [];
  const sockets = new Set<net.Socket>();
  let current: Mischief = { kind: 'none' };
  let only: RegExp | undefined;
  let left = Infinity;
  let [underWay, maxAtOnce] = [0, 0];

  const choose = (request: string): Mischief => {
    if (current.kind === 'none' || left <= 0 || (only && !only.test(request))) return { kind: 'none' };
    left--;
    return current;
  };
  const listener = net.createServer((client) => {
    track(sockets, client);
    if (current.kind === 'refuse' && left > 0) return void client.resetAndDestroy();
    readHead(client, (head, rest) => {
      const request = head.slice(0, head.indexOf(' HTTP/'));
      requests.push(request);
      maxAtOnce = Math.max(maxAtOnce, ++underWay);
      client.once('close', () => underWay--);
      // The check whether the PACS takes documents sends an empty request; a trap waits for a document.
      const mischief = current.kind === 'trap' && /boundary="?nothing\b/i.test(head) ? ({ kind: 'none' } as const) : choose(request);
      if (mischief.kind === 'status') return void client.end(answer(mischief.status, mischief.body ?? ''));
      if (mischief.kind === 'garble') return void client.end('\0\0\0 this is no HTTP\r\n\r\n');
      if (mischief.kind === 'trap' && mischief.when === 'before') {
        mischief.spring();
        return void client.destroy();
      }
      const upstream = net.connect(Number(server.port), server.hostname);
      track(sockets, upstream);
      const closing = head.replace(/\r\nConnection:[^\r]*/i, '').replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n');
      upstream.write(Buffer.from(closing, 'latin1'));
      upstream.write(rest);
      client.on('data', (chunk: Buffer) => upstream.write(chunk));
      client.on('close', () => upstream.destroy());
      proxyDicomWeb(upstream, client, mischief);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as net.AddressInfo).port}${server.pathname === '/' ? '' : server.pathname}`,
    requests,
    get maxAtOnce() {
      return maxAtOnce;
    },
    misbehave: (mischief, limits = {}) => {
      current = mischief;
      only = limits.only;
      left = limits.times ?? Infinity;
    },
    behave: () => void (current = { kind: 'none' }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function proxyDicomWeb(upstream: net.Socket, client: net.Socket, mischief: Mischief): void {
  const chunks: Buffer[] = [];
  let passed = 0;
  upstream.on('data', (chunk: Buffer) => {
    if (mischief.kind === 'none') return void client.write(chunk);
    if (mischief.kind !== 'cut') return void chunks.push(chunk);
    client.write(chunk.subarray(0, Math.max(0, mischief.afterBytes - passed)));
    passed += chunk.length;
    if (passed >= mischief.afterBytes) {
      client.end();
      upstream.destroy();
    }
  });
  upstream.on('end', () => {
    const whole = Buffer.concat(chunks);
    if (mischief.kind === 'trap') {
      mischief.spring();
      return void client.destroy();
    }
    if (mischief.kind === 'delay') return void setTimeout(() => client.end(whole), mischief.delayMs);
    if (mischief.kind === 'cutBody') return void client.end(whole.subarray(0, whole.indexOf('\r\n\r\n') + 4 + mischief.afterBytes));
    if (mischief.kind === 'shorten') client.end(shorten(whole, mischief.keepBytes));
    else client.end();
  });
  upstream.on('error', () => client.destroy());
}

/** Expects a Content-Length in the server's answer, which Orthanc always gives. */
function shorten(whole: Buffer, keepBytes: number): Buffer {
  const bodyAt = whole.indexOf('\r\n\r\n') + 4;
  const head = whole
    .toString('latin1', 0, bodyAt)
    .replace(/Content-Length: \d+/i, `Content-Length: ${Math.min(keepBytes, whole.length - bodyAt)}`);
  return Buffer.concat([Buffer.from(head, 'latin1'), whole.subarray(bodyAt, bodyAt + keepBytes)]);
}

function readHead(socket: net.Socket, then: (head: string, rest: Buffer) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf('\r\n\r\n');
    if (end < 0) return;
    socket.removeListener('data', onData);
    then(seen.toString('latin1', 0, end + 4), seen.subarray(end + 4));
  };
  socket.on('data', onData);
}

function track(sockets: Set<net.Socket>, socket: net.Socket): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => undefined);
}

function answer(status: number, body: string): string {
  return `HTTP/1.1 ${status} Injected\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
