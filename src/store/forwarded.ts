import { existsSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { Fault, faultCodes } from '../errors.js';
import { Semaphore } from '../lib/semaphore.js';
import {
  databaseSocket,
  framesOf,
  sendFrame,
  shortPath,
  type DatabaseReply,
  type DatabaseRequest,
  type SentError,
} from './socket-frames.js';
import type { Connection, Executor, QueryResult, Row, Statement } from './sql.js';

/** The embedded database of the running service, for a command of the same account of the operating system (shareDatabase). */
export class ForwardedConnection implements Connection {
  readonly kind = 'embedded';
  readonly isForwarded = true;
  #channel: Promise<Channel> | undefined;

  private constructor(
    readonly name: string,
    private readonly path: string,
  ) {}

  /** @returns undefined if no service shares the database in this folder */
  static async open(dataDir: string): Promise<ForwardedConnection | undefined> {
    const path = databaseSocket(dataDir);
    if (!existsSync(path)) return undefined;
    const connection = new ForwardedConnection(dataDir, path);
    try {
      await connection.#shared();
      return connection;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Left by a process that was killed.
      if (code === 'ECONNREFUSED' || code === 'ENOENT') return undefined;
      if (code === 'EACCES' || code === 'EPERM')
        throw new Fault(
          'config-invalid',
          'the running service belongs to another account of this machine: run the command as that account',
          { source: path },
          { cause: error },
        );
      throw lost(error);
    }
  }

  async query<R = Row>(statement: Statement): Promise<QueryResult<R>> {
    return queryOn<R>(await this.#shared(), statement, false);
  }

  async queryArrays(statement: Statement): Promise<QueryResult<unknown[]>> {
    return queryOn<unknown[]>(await this.#shared(), statement, true);
  }

  async script(text: string): Promise<void> {
    await (await this.#shared()).ask({ kind: 'script', text });
  }

  /** On a socket of its own, so that other statements of this process stay outside of it. */
  async transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T> {
    const channel = await Channel.open(this.path);
    try {
      await channel.ask({ kind: 'begin' });
      let result: T;
      try {
        result = await work({
          query: <R>(statement: Statement) => queryOn<R>(channel, statement, false),
          queryArrays: (statement) => queryOn<unknown[]>(channel, statement, true),
        });
      } catch (error) {
        await channel.ask({ kind: 'rollback' }).catch(() => undefined);
        throw error;
      }
      await channel.ask({ kind: 'commit' });
      return result;
    } finally {
      channel.close();
    }
  }

  async close(): Promise<void> {
    const channel = await this.#channel?.catch(() => undefined);
    channel?.close();
  }

  #shared(): Promise<Channel> {
    this.#channel ??= Channel.open(this.path);
    return this.#channel;
  }
}

async function queryOn<R>(channel: Channel, { text, values = [] }: Statement, arrays: boolean): Promise<QueryResult<R>> {
  return { rows: (await channel.ask({ kind: 'query', text, values, arrays })) as R[] };
}

/** One socket: each request waits for its reply. */
class Channel {
  readonly #replies: AsyncGenerator;
  readonly #turns = new Semaphore({ maxActive: 1 });

  private constructor(private readonly socket: Socket) {
    this.#replies = framesOf(socket);
  }

  static open(path: string): Promise<Channel> {
    const short = shortPath(path);
    return new Promise<Channel>((resolve, reject) => {
      const socket = createConnection(short.path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        // Reading reports it.
        socket.on('error', () => undefined);
        resolve(new Channel(socket));
      });
    }).finally(() => short.release());
  }

  ask(request: DatabaseRequest): Promise<readonly unknown[]> {
    return this.#turns.use(() => this.#exchange(request));
  }

  close(): void {
    this.socket.destroy();
  }

  async #exchange(request: DatabaseRequest): Promise<readonly unknown[]> {
    let next: IteratorResult<unknown>;
    try {
      sendFrame(this.socket, request);
      next = await this.#replies.next();
    } catch (error) {
      throw lost(error);
    }
    if (next.done) throw lost();
    const reply = next.value as DatabaseReply;
    if ('error' in reply) throw receivedError(reply.error);
    return reply.rows;
  }
}

function lost(cause?: unknown): Fault {
  return new Fault(
    'database-unavailable',
    'the service, which has the embedded database, has stopped or ended the connection',
    {},
    { cause },
  );
}

function receivedError({ message, fault, detail, code }: SentError): Error {
  const known = faultCodes.find((one) => one === fault);
  if (known) return new Fault(known, detail ?? message);
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
