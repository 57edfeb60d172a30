import { Fault } from '../errors.js';

/** The oldest release that the makers of PostgreSQL still corrected in 2025, and the oldest that pg-boss 12 takes. */
const minVersion = 13;

/** @param versionNumber `server_version_num` @param encoding `server_encoding` @throws Fault `config-invalid` */
export function checkServer({ versionNumber, encoding }: { readonly versionNumber: string; readonly encoding: string }): void {
  const version = Math.floor(Number(versionNumber) / 10_000);
  if (version < minVersion)
    throw new Fault(
      'config-invalid',
      `expected PostgreSQL ${minVersion} or later, found ${version}: update the server, or set another DATABASE_URL`,
    );
  if (encoding !== 'UTF8')
    throw new Fault(
      'config-invalid',
      `expected a database with the encoding UTF8, found ${encoding}: create it with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
    );
}
