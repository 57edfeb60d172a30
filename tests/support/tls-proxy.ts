import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { temporaryDirectory } from './orthanc.js';

export interface TlsProxy {
  readonly url: string;
  /** The authority that signed its certificate, which no system knows. */
  readonly caFile: string;
  /** A certificate for clients, signed by the same authority. */
  readonly clientCertificate: { readonly cert: string; readonly key: string };
  close(): Promise<void>;
}

/**
 * TLS in front of a server that speaks HTTP or another protocol without it, with certificates made for the occasion (needs openssl).
 * @param requiresClientCertificate whether it ends connections of clients without a certificate of its authority
 */
export async function startTlsProxy(
  target: { readonly url: string },
  { requiresClientCertificate = false }: { readonly requiresClientCertificate?: boolean } = {},
): Promise<TlsProxy> {
  const folder = temporaryDirectory('tls');
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=Test authority',
  );
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-out',
    'server.pem',
    '-copy_extensions',
    'copy',
  );
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'client.key', '-out', 'client.csr', '-subj', '/CN=client');
  openssl('x509', '-req', '-in', 'client.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out', 'client.pem');
  const server = new URL(target.url);
  const sockets = new Set<net.Socket>();
  const options = {
    key: readFileSync(file('server.key')),
    cert: readFileSync(file('server.pem')),
    ca: readFileSync(file('ca.pem')),
    requestCert: requiresClientCertificate,
    rejectUnauthorized: requiresClientCertificate,
  };
  const listener = tls.createServer(options, (client) => {
    const upstream = net.connect(Number(server.port), server.hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
    client.pipe(upstream).pipe(client);
  });
  listener.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(listener.address() as net.AddressInfo).port}`,
    caFile: file('ca.pem'),
    clientCertificate: { cert: file('client.pem'), key: file('client.key') },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
