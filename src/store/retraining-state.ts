import { defaultLine } from '../lib/model-line.js';
import type { Connection } from './sql.js';

/** What the retraining of one model line has to remember, by name, in the database that all processes share. */
export interface RetrainingState {
  /** Undefined if there is none. */
  read(name: string): Promise<unknown>;
  /** Stores a value unless there is one, so that of two processes the first decides. @returns the stored value */
  keepFirst(name: string, value: unknown): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
}

export function retrainingStateIn(connection: Connection, line = defaultLine): RetrainingState {
  const stored = (name: string): string => (line === defaultLine ? name : `${line}/${name}`);
  const read = async (name: string): Promise<unknown> =>
    (
      await connection.query<{ value: unknown }>({
        text: 'SELECT value FROM chest_ai.retraining_state WHERE name = $1',
        values: [stored(name)],
      })
    ).rows[0]?.value;
  return {
    read,
    async keepFirst(name, value) {
      await connection.query({
        text: 'INSERT INTO chest_ai.retraining_state (name, value) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING',
        values: [stored(name), JSON.stringify(value)],
      });
      return read(name);
    },
    async write(name, value) {
      await connection.query({
        text: 'INSERT INTO chest_ai.retraining_state (name, value) VALUES ($1, $2::jsonb) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        values: [stored(name), JSON.stringify(value)],
      });
    },
  };
}
