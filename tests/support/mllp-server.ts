import net from 'node:net';
import { Hl7Server } from '@medplum/hl7';
import type { Hl7Message } from '@medplum/core';
import { freePort } from './free-port.js';

export interface MllpPeer {
  readonly port: number;
  /** What it has received and parsed. */
  readonly received: readonly Hl7Message[];
  stop(): Promise<void>;
}

/** Medplum's MLLP server, which parses messages and writes acknowledgments; a program of others. */
export async function startMllpServer(encoding = 'utf-8', ackCode: 'AA' | 'AE' | 'AR' | 'CA' = 'AA'): Promise<MllpPeer> {
  const port = await freePort();
  const received: Hl7Message[] = [];
  const server = new Hl7Server((connection) => {
    connection.addEventListener('message', ({ message }) => {
      received.push(message);
      connection.send(message.buildAck({ ackCode }));
    });
  });
  await server.start(port, encoding);
  return { port, received, stop: () => server.stop({ forceDrainTimeoutMs: 100 }) };
}

/** Sends bytes back, in the order given, or closes the connection. */
export type Misbehaviour = (socket: net.Socket, received: Buffer) => void;

/** A server that misbehaves once the end of a message has arrived. */
export async function startFaultyMllpServer(misbehave: Misbehaviour): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      bytes = Buffer.concat([bytes, data]);
      if (bytes.includes(0x1c)) misbehave(socket, bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
