import net from 'node:net';
import tls from 'node:tls';
import { Fault } from '../errors.js';
import type { TlsMaterial } from '../lib/tls-files.js';
import { inMllpFrame, MllpFrames } from './mllp-frames.js';

/** Where and within which limits messages are received. */
export interface MllpListenerSettings {
  readonly host: string;
  readonly port: number;
  /** With `ca`, clients need a certificate of this authority. */
  readonly tls?: TlsMaterial | undefined;
  /** Addresses and subnets that may connect; all if there are none. */
  readonly allowFrom: readonly string[];
  readonly maxMessageBytes: number;
  readonly maxConnections: number;
  /** Longest time between two messages, and for one message from its first byte to its last, in ms. */
  readonly timeoutMs: number;
}

/** What is done with the messages. */
export interface MllpReceiver {
  /** @returns the answer; undefined ends the connection without one, so that the sender repeats the message */
  receive(message: Buffer, from: string): Promise<Buffer | undefined>;
  /** The answer to a message that is too large. @param beginning its first bytes */
  refuseLarge(beginning: Buffer): Buffer;
  /** A connection was ended, for this reason. */
  onRefused(why: 'address' | 'no-frame' | 'too-large' | 'timeout' | 'tls', from: string): void;
  /** A connection could not be accepted, for example because no file descriptor is left (EMFILE); the next one may be. */
  onError(error: NodeJS.ErrnoException): void;
}

export interface MllpListener {
  readonly port: number;
  /** Takes no further message, and waits for those that are being received. */
  close(): Promise<void>;
}

/** How long a sender that was refused may go on writing before the connection is closed, so that it reads the answer. */
const lingerMs = 5_000;

/** Listens for messages. Those of a connection are received one after the other. @throws Fault `config-invalid` if it cannot listen there */
export async function listenMllp(settings: MllpListenerSettings, receiver: MllpReceiver): Promise<MllpListener> {
  const { host, port, maxConnections } = settings;
  const allowed = allowList(settings.allowFrom);
  const connections = new Set<Connection>();
  const accept = (socket: net.Socket): void => {
    const from = addressOf(socket);
    socket.on('error', () => undefined);
    if (allowed && !isAllowed(allowed, from)) {
      receiver.onRefused('address', from);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, from, settings, receiver);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  };
  const { tls: material } = settings;
  const server = material
    ? tls.createServer(
        {
          ...material,
          requestCert: material.ca !== undefined,
          rejectUnauthorized: material.ca !== undefined,
          handshakeTimeout: settings.timeoutMs,
        },
        accept,
      )
    : net.createServer(accept);
  server.maxConnections = maxConnections;
  server.on('tlsClientError', (_error: Error, socket: net.Socket) => receiver.onRefused('tls', addressOf(socket)));
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void =>
      reject(new Fault('config-invalid', `the service cannot listen for HL7 messages on ${host}:${port} (${error.code ?? error.message})`));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      server.on('error', (error: NodeJS.ErrnoException) => receiver.onError(error));
      resolve();
    });
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...connections].map((one) => one.close()));
      await closed;
    },
  };
}

/** The messages of one connection. */
class Connection {
  readonly #socket: net.Socket;
  readonly #from: string;
  readonly #settings: MllpListenerSettings;
  readonly #receiver: MllpReceiver;
  readonly #frames: MllpFrames;
  #timer: NodeJS.Timeout;
  #isWorking = false;
  #working: Promise<void> | undefined;
  #isClosing = false;

  constructor(socket: net.Socket, from: string, settings: MllpListenerSettings, receiver: MllpReceiver) {
    this.#socket = socket;
    this.#from = from;
    this.#settings = settings;
    this.#receiver = receiver;
    this.#frames = new MllpFrames(settings.maxMessageBytes);
    this.#timer = this.#startTimer();
    socket.on('data', (bytes: Buffer) => {
      if (this.#isClosing) return;
      // Of one message the time runs from its first byte, however slowly the others follow.
      if (this.#frames.isEmpty) this.#restartTimer();
      this.#frames.add(bytes);
      if (!this.#isWorking) this.#working = this.#work();
    });
    socket.once('close', () => clearTimeout(this.#timer));
  }

  /** Ends the connection after the message that is being received. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#working;
    this.#socket.destroy();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    this.#socket.pause();
    try {
      for (let message = this.#next(); message !== undefined && !this.#isClosing; message = this.#next()) {
        clearTimeout(this.#timer);
        const answer = await this.#receiver.receive(message, this.#from);
        if (answer === undefined) return void this.#socket.destroy();
        this.#write(answer);
        this.#restartTimer();
      }
    } catch {
      this.#socket.destroy();
    } finally {
      this.#isWorking = false;
      this.#socket.resume();
    }
  }

  /** The next whole message; undefined if more bytes are needed or the connection ends. */
  #next(): Buffer | undefined {
    if (this.#socket.destroyed) return undefined;
    const frame = this.#frames.next();
    if (frame?.kind === 'message') return frame.message;
    if (frame?.kind === 'too-large') this.#write(this.#receiver.refuseLarge(frame.beginning));
    return frame && this.#refuse(frame.kind);
  }

  /** What the sender still writes is discarded for a while: if it were unread at the close, TCP would reset the connection with the answer. */
  #refuse(why: Parameters<MllpReceiver['onRefused']>[0]): undefined {
    this.#receiver.onRefused(why, this.#from);
    this.#frames.clear();
    this.#isClosing = true;
    this.#socket.end();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    return undefined;
  }

  #write(answer: Buffer): void {
    this.#socket.write(inMllpFrame(answer));
  }

  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => {
      if (!this.#frames.isEmpty) this.#receiver.onRefused('timeout', this.#from);
      this.#socket.destroy();
    }, this.#settings.timeoutMs);
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#startTimer();
  }
}

function addressOf(socket: net.Socket): string {
  return (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
}

function allowList(addresses: readonly string[]): net.BlockList | undefined {
  if (addresses.length === 0) return undefined;
  const list = new net.BlockList();
  for (const one of addresses) {
    const [address, bits] = one.split('/') as [string, string?];
    const family = net.isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isAllowed(list: net.BlockList, address: string): boolean {
  return net.isIP(address) !== 0 && list.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');
}
