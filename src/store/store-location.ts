import { join } from 'node:path';

/** Where the database is: files below a folder (embedded), or a PostgreSQL server. */
export type StoreLocation = { readonly dataDir: string } | { readonly databaseUrl: string };

/** The database of a configuration: DATABASE_URL, else the folder `index` below DATA_DIR. */
export function storeLocation(config: {
  readonly dataDir: string;
  readonly database: { readonly url?: string | undefined };
}): StoreLocation {
  return config.database.url ? { databaseUrl: config.database.url } : { dataDir: join(config.dataDir, 'index') };
}
