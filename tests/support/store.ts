import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/log.js';
import type { StoreLocation } from '../../src/store/store-location.js';
import { openStore, type Store } from '../../src/store/store.js';
import { postgresMissing, startPostgres, type PrivatePostgres } from './postgres.js';

/** One of the two databases that everything has to work on. */
export interface StoreBackend {
  readonly name: 'embedded' | 'postgresql';
  /** Reason to skip; undefined if it can be had here. */
  readonly missing: string | undefined;
  /** A place for a store that holds nothing yet. */
  location(): Promise<StoreLocation>;
  /** For a test that ends it; undefined for the embedded one. */
  server(): Promise<PrivatePostgres | undefined>;
  stop(): Promise<void>;
}

export function storeBackends(): readonly StoreBackend[] {
  return [embedded(), postgresql()];
}

export async function openEmptyStore(backend: StoreBackend): Promise<Store> {
  return openStore(await backend.location(), silentLog);
}

function embedded(): StoreBackend {
  const folders: string[] = [];
  return {
    name: 'embedded',
    missing: undefined,
    async location() {
      const dataDir = mkdtempSync(join(tmpdir(), 'chest-ai-store-'));
      folders.push(dataDir);
      return { dataDir };
    },
    server: async () => undefined,
    async stop() {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function postgresql(): StoreBackend {
  let started: Promise<PrivatePostgres> | undefined;
  const server = () => (started ??= startPostgres());
  return {
    name: 'postgresql',
    missing: postgresMissing(),
    location: async () => ({ databaseUrl: await (await server()).createDatabase() }),
    server,
    async stop() {
      await (await started)?.stop();
    },
  };
}
