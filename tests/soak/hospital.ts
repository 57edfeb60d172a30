import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, type TestOrthanc } from '../support/orthanc.js';
import { startPostgres, type PrivatePostgres } from '../support/postgres.js';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { Archive } from './archive.js';
import type { PacsEvent } from './archive-model.js';
import { ServiceProcesses } from './service-processes.js';

export type DatabaseKind = 'embedded' | 'postgresql';

/** A real Orthanc, a real database and the service, all of which can fail, be copied and be restored. */
export class Hospital {
  #pacsCopy: string | undefined;
  #indexCopy: string | undefined;

  private constructor(
    readonly pacs: TestOrthanc,
    readonly archive: Archive,
    readonly proxy: FaultyProxy,
    readonly service: ServiceProcesses,
    /** Undefined with the embedded database. */
    readonly postgres: PrivatePostgres | undefined,
    private readonly databaseUrl: string | undefined,
    /** On which the database lies. */
    readonly disk: SmallDisk | undefined,
    readonly notTried: readonly string[],
  ) {}

  /** @param processes of the service; the embedded database has one */
  static async open(pacs: TestOrthanc, database: DatabaseKind, seed: string, processes: number): Promise<Hospital> {
    const mounted = mountSmallDisk(database === 'embedded' ? 384 : 320);
    const disk = 'whyNot' in mounted ? undefined : mounted;
    const postgres = database === 'postgresql' ? await startPostgres(disk?.directory) : undefined;
    const databaseUrl = await postgres?.createDatabase();
    const proxy = await startFaultyProxy(pacs.orthanc);
    const service = new ServiceProcesses(
      pacs,
      proxy.url,
      databaseUrl,
      database === 'embedded' ? 1 : processes,
      database === 'embedded' ? disk?.directory : undefined,
    );
    const notTried = 'whyNot' in mounted ? [`disk full: ${mounted.whyNot}`] : [];
    return new Hospital(pacs, new Archive(pacs, seed), proxy, service, postgres, databaseUrl, disk, notTried);
  }

  async close(): Promise<void> {
    await this.service.halt('SIGKILL');
    await this.proxy.close();
    await this.postgres?.stop();
    this.disk?.unmount();
  }

  async apply({ kind }: PacsEvent): Promise<void> {
    const { orthanc } = this.pacs;
    switch (kind) {
      case 'PACS restarted':
        return this.archive.exclusive.use(() => orthanc.restart());
      case 'PACS backed up':
        return this.archive.exclusive.use(async () => {
          await orthanc.stop();
          this.#pacsCopy ??= temporaryDirectory('pacs-copy');
          replaceFolder(join(this.#pacsCopy, 'db'), join(orthanc.directory, 'db'));
          await orthanc.restart();
        });
      case 'PACS restored':
        return this.archive.exclusive.use(async () => {
          await orthanc.stop();
          replaceFolder(join(orthanc.directory, 'db'), join(this.#pacsCopy!, 'db'));
          await orthanc.restart();
        });
      case 'index backed up':
        await this.service.halt('SIGTERM');
        await this.#copyIndex();
        return this.service.startAll();
      case 'index restored':
        await this.service.halt('SIGKILL');
        await this.#restoreIndex();
        return this.service.startAll();
    }
  }

  async #copyIndex(): Promise<void> {
    if (this.postgres) return this.#cloneDatabase(nameOf(this.databaseUrl!), copyName);
    this.#indexCopy ??= mkdtempSync(join(temporaryDirectory('index-copy'), 'copy-'));
    replaceFolder(join(this.#indexCopy, 'database'), join(this.service.directories[0]!, 'database'));
  }

  async #restoreIndex(): Promise<void> {
    if (this.postgres) return this.#cloneDatabase(copyName, nameOf(this.databaseUrl!));
    replaceFolder(join(this.service.directories[0]!, 'database'), join(this.#indexCopy!, 'database'));
  }

  async #cloneDatabase(from: string, to: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.postgres!.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(`DROP DATABASE IF EXISTS ${to} WITH (FORCE)`);
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from]);
      await client.query(`CREATE DATABASE ${to} TEMPLATE ${from}`);
    } finally {
      await client.end();
    }
  }
}

const copyName = 'copy_of_index';

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

function replaceFolder(folder: string, by: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(by)) cpSync(by, folder, { recursive: true });
}
