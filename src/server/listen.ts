import type { Server } from 'node:http';
import type { Config } from '../config.js';
import { Fault } from '../errors.js';

/** @throws Fault 'config-invalid' naming the address, if the server cannot listen there */
export function listen(
  start: (port: number, host: string, ready: (error?: Error) => void) => Server,
  { server: { host, port } }: Config,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = start(port, host, (error) => {
      if (error)
        reject(
          new Fault(
            'config-invalid',
            `the service cannot listen on ${host}:${port} (${(error as NodeJS.ErrnoException).code ?? error.message})`,
          ),
        );
      else resolve(server);
    });
  });
}

/** Connections that are open are ended. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The host of an address at which a process of this machine reaches the server. */
export function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
