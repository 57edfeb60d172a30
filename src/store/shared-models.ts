import { defaultLine } from '../lib/model-line.js';
import type { Connection } from './sql.js';

/** The models of one line as all processes on one database see them. What is in the values is the registry's affair. */
export interface SharedModels {
  /** Changes of aliases, oldest first. */
  aliases(): Promise<readonly unknown[]>;
  lastAlias(): Promise<unknown>;
  /** @returns false if another process took the revision */
  addAlias(revision: number, state: unknown): Promise<boolean>;
  writeChange(id: string, record: unknown): Promise<void>;
  /** Undefined if there is none. */
  change(id: string): Promise<unknown>;
  changes(): Promise<readonly { readonly id: string; readonly record: unknown }[]>;
  /** Newest first. */
  versions(): Promise<readonly string[]>;
  /** Nothing happens if the version is there. */
  writeVersion(version: string, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Undefined if it is not there. */
  version(version: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  /** Removes all but the newest versions and those named. */
  removeOldVersions(keepNewest: number, keep: readonly string[]): Promise<void>;
}

/** Bytes of a file in one row: a statement stays small whatever the size of the weights. */
const partBytes = 4 * 2 ** 20;

export function sharedModelsIn(connection: Connection, line = defaultLine): SharedModels {
  /** `$1` is the line. */
  const rows = async <Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await connection.query<Row>({ text, values: [line, ...values] })).rows;
  return {
    aliases: async () =>
      (await rows<{ state: unknown }>('SELECT state FROM chest_ai.model_alias WHERE line = $1 ORDER BY revision')).map(
        ({ state }) => state,
      ),

    lastAlias: async () =>
      (await rows<{ state: unknown }>('SELECT state FROM chest_ai.model_alias WHERE line = $1 ORDER BY revision DESC LIMIT 1'))[0]?.state,

    addAlias: async (revision, state) =>
      (
        await rows(
          'INSERT INTO chest_ai.model_alias (line, revision, state) VALUES ($1, $2, $3::jsonb) ON CONFLICT DO NOTHING RETURNING revision',
          [revision, JSON.stringify(state)],
        )
      ).length > 0,

    async writeChange(id, record) {
      await rows(
        'INSERT INTO chest_ai.model_change (line, id, record) VALUES ($1, $2, $3::jsonb) ON CONFLICT (line, id) DO UPDATE SET record = excluded.record',
        [id, JSON.stringify(record)],
      );
    },

    change: async (id) =>
      (await rows<{ record: unknown }>('SELECT record FROM chest_ai.model_change WHERE line = $1 AND id = $2', [id]))[0]?.record,

    changes: () => rows('SELECT id, record FROM chest_ai.model_change WHERE line = $1 ORDER BY id'),

    versions: async () =>
      (await rows<{ version: string }>('SELECT version FROM chest_ai.model_version WHERE line = $1 ORDER BY added_at DESC, version')).map(
        ({ version }) => version,
      ),

    async writeVersion(version, files) {
      await connection.transaction(async (transaction) => {
        const added = await transaction.query({
          text: 'INSERT INTO chest_ai.model_version (line, version, added_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING RETURNING version',
          values: [line, version],
        });
        if (added.rows.length === 0) return;
        for (const [name, content] of files) {
          for (let part = 0; part === 0 || part * partBytes < content.length; part++) {
            const piece = content.subarray(part * partBytes, (part + 1) * partBytes);
            await transaction.query({
              text: 'INSERT INTO chest_ai.model_file (line, version, name, part, content) VALUES ($1, $2, $3, $4, $5)',
              values: [line, version, name, part, piece],
            });
          }
        }
      });
    },

    async version(version) {
      const parts = await rows<{ name: string; part: number }>(
        'SELECT name, part FROM chest_ai.model_file WHERE line = $1 AND version = $2 ORDER BY name, part',
        [version],
      );
      if (parts.length === 0) return undefined;
      const pieces = new Map<string, Uint8Array[]>();
      for (const { name, part } of parts) {
        const [row] = await rows<{ content: Uint8Array }>(
          'SELECT content FROM chest_ai.model_file WHERE line = $1 AND version = $2 AND name = $3 AND part = $4',
          [version, name, part],
        );
        // Removed as an old version meanwhile.
        if (!row) return undefined;
        pieces.set(name, [...(pieces.get(name) ?? []), row.content]);
      }
      return new Map([...pieces].map(([name, all]) => [name, Buffer.concat(all)]));
    },

    async removeOldVersions(keepNewest, keep) {
      await rows(
        `DELETE FROM chest_ai.model_version WHERE line = $1 AND version <> ALL($3::text[]) AND version NOT IN (
          SELECT version FROM chest_ai.model_version WHERE line = $1 ORDER BY added_at DESC, version LIMIT $2)`,
        [keepNewest, keep],
      );
    },
  };
}
