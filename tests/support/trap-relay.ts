import net from 'node:net';

/** Springs when the peer's answer arrives that the pattern matches: before it is passed on, which then does not happen, or after. */
export interface AnswerTrap {
  readonly when: 'before' | 'after';
  readonly answer: RegExp;
  readonly spring: () => void;
}

export interface TrapRelay {
  readonly port: number;
  /** For the next answer that matches. */
  set(trap: AnswerTrap): void;
  stop(): Promise<void>;
}

/** Passes connections on to a peer on this machine, whatever they speak, byte by byte. */
export async function startTrapRelay(peerPort: number): Promise<TrapRelay> {
  let trap: AnswerTrap | undefined;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const peer = net.connect({ host: '127.0.0.1', port: peerPort });
    let answered = '';
    for (const socket of [client, peer]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        peer.destroy();
      });
    }
    client.on('data', (bytes) => peer.write(bytes));
    peer.on('data', (bytes) => {
      answered += bytes.toString('latin1');
      const sprung = trap?.answer.test(answered) ? trap : undefined;
      if (!sprung) return void client.write(bytes);
      trap = undefined;
      if (sprung.when === 'before') return sprung.spring();
      client.write(bytes, () => sprung.spring());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    set: (next) => void (trap = next),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
