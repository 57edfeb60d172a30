import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.js';

const run = promisify(execFile);

/** A PostgreSQL of the tests' own: a cluster in a temporary folder on a free port, gone when stopped. */
export interface PrivatePostgres {
  readonly url: string;
  /** A fresh, empty database on it. */
  createDatabase(): Promise<string>;
  /** Ends it as `kill -9` or a pulled plug would. */
  kill(): Promise<void>;
  /** After kill() or pause(). */
  start(): Promise<void>;
  /** Stops it in order, dropping its clients; start() brings it back. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is none, as a reason to skip a test; undefined if Debian's package `postgresql` is installed. */
export function postgresMissing(): string | undefined {
  if (!binaries()) return 'PostgreSQL is not installed (apt-get install postgresql)';
  if (process.getuid?.() === 0 && !account()) return 'PostgreSQL does not run as root and there is no other account';
  return undefined;
}

/** @param parent where its folder is made: a small disk, to fill it */
export async function startPostgres(parent = tmpdir()): Promise<PrivatePostgres> {
  const bin = binaries()!;
  const port = await freePort();
  const folder = mkdtempSync(join(parent, 'chest-ai-pg-'));
  const user = process.getuid?.() === 0 ? account() : undefined;
  chmodSync(folder, 0o700);
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = user ? { uid: user.uid, gid: user.gid } : {};
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'chest', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...as,
    cwd: folder,
  });

  let server: ChildProcess | undefined;
  const url = (database: string) => `postgres://chest@127.0.0.1:${port}/${database}`;
  const running = () => server !== undefined && server.exitCode === null && server.signalCode === null;
  const start = async () => {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      'fsync=off',
      'max_connections=200',
    ];
    const deadline = Date.now() + 30_000;
    for (;;) {
      // After a kill its children hold the shared memory a moment longer, and a new server gives up at once.
      if (!running())
        server = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((s) => ['-c', s])], { ...as, cwd: folder, stdio: 'ignore' });
      if (await answers(url('postgres'))) return;
      if (Date.now() > deadline) throw new Error('PostgreSQL does not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    if (!server || !running()) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  };
  await start();

  return {
    url: url('postgres'),
    async createDatabase() {
      const name = `t${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
      await withClient(url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`));
      return url(name);
    },
    kill: () => end('SIGKILL'),
    start,
    pause: () => end('SIGINT'),
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function binaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

/** PostgreSQL refuses to run as root: the package's own account, else nobody. */
function account(): { readonly uid: number; readonly gid: number } | undefined {
  for (const name of ['postgres', 'nobody']) {
    const entry = passwd()
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':');
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  return undefined;
}

function passwd(): string[] {
  return existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
    return true;
  } catch {
    return false;
  }
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
