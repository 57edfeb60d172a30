import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import type { Connection, Executor } from './sql.js';
import { databaseSocket, framesOf, sendFrame, shortPath, type DatabaseRequest, type SentError } from './socket-frames.js';

/**
 * A transaction blocks the whole embedded database: a command that is stopped in the middle of one loses it after this time. Commands
 * wait for nothing else within a transaction.
 */
const idleInTransactionMs = 15_000;

export interface SharedDatabase {
  close(): Promise<void>;
}

/**
 * Lets commands use the embedded database while the service runs: everything that they may do with the files themselves, and nothing
 * more. The socket can be opened by the account of the service (and root) only: it stands in a folder of mode 0700 and has mode 0600.
 *
 * @param dataDir folder of the embedded database, whose lock this process holds
 * @throws what listen(2) says
 */
export async function shareDatabase(
  connection: Connection,
  dataDir: string,
  log: Log,
  { idleMs = idleInTransactionMs }: { readonly idleMs?: number } = {},
): Promise<SharedDatabase> {
  const path = databaseSocket(dataDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  // Of a process that was killed; the lock of the database is ours.
  rmSync(path, { force: true });
  const short = shortPath(path);
  const open = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const served = serve(socket, connection, idleMs)
      .catch((error: unknown) => log.warn('a command lost its connection to the database', { reason: String(error) }))
      .finally(() => {
        socket.destroy();
        sockets.delete(socket);
        open.delete(served);
      });
    open.add(served);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(short.path, () => resolve());
  });
  chmodSync(path, 0o600);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      await Promise.all(open);
      short.release();
      rmSync(path, { force: true });
    },
  };
}

class RolledBack extends Error {}

interface OpenTransaction {
  readonly executor: Executor;
  /** Resolves when the transaction has ended; rejects as it does. */
  readonly ended: Promise<unknown>;
  commit(): void;
  rollBack(): void;
}

function begin(connection: Connection): Promise<OpenTransaction> {
  return new Promise((resolve, reject) => {
    const ended = connection.transaction(
      (executor) =>
        new Promise<void>((commit, fail) => resolve({ executor, ended, commit, rollBack: () => fail(new RolledBack('rolled back')) })),
    );
    ended.catch(reject);
  });
}

async function serve(socket: Socket, connection: Connection, idleMs: number): Promise<void> {
  let transaction: OpenTransaction | undefined;
  let idle: NodeJS.Timeout | undefined;
  const answer = async (request: DatabaseRequest): Promise<readonly unknown[]> => {
    const executor = transaction?.executor ?? connection;
    switch (request.kind) {
      case 'query':
        return (await (request.arrays ? executor.queryArrays(request) : executor.query(request))).rows;
      case 'script':
        await connection.script(request.text);
        return [];
      case 'begin':
        transaction = await begin(connection);
        return [];
      case 'commit':
      case 'rollback': {
        const ending = transaction;
        if (!ending) throw new Fault('timed-out', 'the transaction was rolled back, because the command was idle in it for too long');
        transaction = undefined;
        if (request.kind === 'commit') ending.commit();
        else ending.rollBack();
        await ending.ended.catch((error: unknown) => {
          if (!(error instanceof RolledBack)) throw error;
        });
        return [];
      }
    }
  };
  try {
    for await (const request of framesOf(socket)) {
      clearTimeout(idle);
      sendFrame(
        socket,
        await answer(request as DatabaseRequest).then(
          (rows) => ({ rows }),
          (error: unknown) => ({ error: sentError(error) }),
        ),
      );
      if (transaction) idle = setTimeout(() => socket.destroy(), idleMs);
    }
  } finally {
    clearTimeout(idle);
    // The command has ended, or was stopped, within its transaction.
    transaction?.rollBack();
    await transaction?.ended.catch(() => undefined);
  }
}

function sentError(error: unknown): SentError {
  if (error instanceof Fault)
    return { message: error.message, fault: error.code, ...(error.detail === undefined ? {} : { detail: error.detail }) };
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return { message: String(message ?? error), ...(typeof code === 'string' ? { code } : {}) };
}
