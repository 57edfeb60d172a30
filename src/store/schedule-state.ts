import type { Connection } from './sql.js';

/** Which times of a schedule have had their run, for all processes on one database. Times are wall-clock texts that sort: 2027-03-28T02:00:00. */
export interface ScheduleState {
  /** Begins a new schedule: runs before this time are not made up for. */
  begin(name: string, now: string): Promise<void>;
  /**
   * Takes a time that is due. Exactly one process gets it, once.
   *
   * @param latest a recorded time after this one was written while a clock was wrong, and does not count
   * @returns false if it, or a later one, has had its run
   */
  take(name: string, due: string, latest: string): Promise<boolean>;
  /** Gives back a time whose work could not begin. */
  giveBack(name: string, due: string, before: string): Promise<void>;
}

export function scheduleStateIn(connection: Connection): ScheduleState {
  const changed = async (text: string, values: readonly unknown[]): Promise<boolean> =>
    (await connection.query({ text, values })).rows.length > 0;
  return {
    async begin(name, now) {
      await changed('INSERT INTO chest_ai.schedule_state (name, last_due) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name', [
        name,
        now,
      ]);
    },
    take: (name, due, latest) =>
      changed('UPDATE chest_ai.schedule_state SET last_due = $2 WHERE name = $1 AND (last_due < $2 OR last_due > $3) RETURNING name', [
        name,
        due,
        latest,
      ]),
    async giveBack(name, due, before) {
      await changed('UPDATE chest_ai.schedule_state SET last_due = $3 WHERE name = $1 AND last_due = $2 RETURNING name', [
        name,
        due,
        before,
      ]);
    },
  };
}
