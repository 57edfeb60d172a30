import net from 'node:net';
import tls from 'node:tls';
import { Fault, type FaultSubject } from '../errors.js';
import type { TlsMaterial } from './tls-files.js';

/** Where a system of the hospital listens. */
export interface TcpServer {
  readonly host: string;
  readonly port: number;
  /** Absent: without encryption. */
  readonly tls?: TlsMaterial | undefined;
}

/** Opens a connection; the caller waits for its event `connectedEvent`. */
export function openConnection({ host, port, tls: material }: TcpServer): net.Socket {
  return material
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...material })
    : net.connect({ host, port });
}

export function connectedEvent({ tls: material }: TcpServer): 'connect' | 'secureConnect' {
  return material ? 'secureConnect' : 'connect';
}

/**
 * Connects, with the TLS handshake where the server has one, and ends the connection without sending anything.
 *
 * @throws Fault `channel-unavailable`
 */
export function tryConnection(server: TcpServer, timeoutMs: number): Promise<void> {
  const subject: FaultSubject = { source: `${server.host}:${server.port}` };
  return new Promise((resolve, reject) => {
    const socket = openConnection(server);
    const fail = (detail: string, cause?: unknown): void => reject(new Fault('channel-unavailable', detail, subject, { cause }));
    const timer = setTimeout(() => {
      fail(`no connection within ${timeoutMs} ms`);
      socket.destroy();
    }, timeoutMs);
    socket.on('error', (thrown: NodeJS.ErrnoException) =>
      fail(connectionProblem(thrown) ?? `no connection (${thrown.code ?? thrown.name})`, thrown),
    );
    socket.on('close', () => clearTimeout(timer));
    socket.on(connectedEvent(server), () => {
      resolve();
      socket.destroy();
    });
  });
}

/** What is wrong with a TLS connection, in words; undefined if the cause is another one. */
export function connectionProblem({ code: given, name }: { readonly code?: unknown; readonly name: string }): string | undefined {
  const code = typeof given === 'string' ? given : name;
  if (/ALERT/.test(code)) return `it refused the TLS connection or the client certificate (${code})`;
  if (/CERT|SIGNED|SIGNATURE|ALTNAME|ISSUER/.test(code))
    return `its certificate is not trusted (${code}); name its authority's file in tls.ca`;
  return /SSL|TLS|EPROTO/.test(code) ? `no TLS connection (${code})` : undefined;
}
