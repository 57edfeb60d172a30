import { sql } from './drizzle.js';
import type { Tables } from './database.js';
import { worklistChange } from './schema.js';

/** To be called last in the transaction that makes another result current or removes one: the row is locked until its end. */
export async function noteWorklistChange(tables: Tables): Promise<number> {
  const [row] = await tables
    .update(worklistChange)
    .set({ number: sql`${worklistChange.number} + 1` })
    .returning({ number: worklistChange.number });
  return row!.number;
}
