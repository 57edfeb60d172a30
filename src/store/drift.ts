import { randomBytes } from 'node:crypto';
import { and, asc, eq, isNull, sql, type SQL } from './drizzle.js';
import { defaultLine } from '../lib/model-line.js';
import type { Database } from './database.js';
import { driftAlarm, driftState } from './drift-schema.js';

export type DriftAlarmRow = Readonly<typeof driftAlarm.$inferSelect>;

/** One quantity of a site that has moved. */
export type RaisedAlarm = Pick<DriftAlarmRow, 'site' | 'network' | 'quantity' | 'detail'>;

/** The drift checks of one model line. */
export interface DriftState {
  /** Keyed hashes of sites are the same for all processes on one database. */
  siteKey(): Promise<Uint8Array>;
  /** The last recorded comparison. */
  report(): Promise<unknown>;
  /**
   * Records a comparison: raises its new alarms and ends those that are over. An alarm that lasts stays acknowledged; one that
   * recurs after its end has to be acknowledged again.
   *
   * @param compared `site network quantity` of all comparisons; alarms on others stay as they are
   * @returns what was raised and what ended
   */
  record(
    report: unknown,
    alarms: readonly RaisedAlarm[],
    compared: ReadonlySet<string>,
    at: Date,
  ): Promise<{ readonly raised: readonly RaisedAlarm[]; readonly ended: readonly RaisedAlarm[] }>;
  /** Those that last, oldest first. */
  alarms(): Promise<readonly DriftAlarmRow[]>;
  /** The same of every line. */
  alarmsOfAllLines(): Promise<readonly DriftAlarmRow[]>;
  /** @returns false if none of that id lasts unacknowledged */
  acknowledge(id: string, by: string, at: Date): Promise<boolean>;
}

export function placeOfAlarm({ site, network, quantity }: Pick<RaisedAlarm, 'site' | 'network' | 'quantity'>): string {
  return JSON.stringify([site, network, quantity]);
}

export function driftIn(database: Database, line = defaultLine): DriftState {
  const reportName = line === defaultLine ? 'report' : `report/${line}`;
  const lasting = (where: SQL | undefined): Promise<readonly DriftAlarmRow[]> =>
    database.run((tables) =>
      tables
        .select()
        .from(driftAlarm)
        .where(and(where, isNull(driftAlarm.overAt)))
        .orderBy(asc(driftAlarm.raisedAt), asc(driftAlarm.site), asc(driftAlarm.quantity)),
    );
  const stateOf = async (name: string): Promise<unknown> => {
    const [row] = await database.run((tables) => tables.select().from(driftState).where(eq(driftState.name, name)));
    return row?.value;
  };
  return {
    async siteKey() {
      await database.run((tables) =>
        tables
          .insert(driftState)
          .values({ name: 'site-key', value: randomBytes(32).toString('hex') })
          .onConflictDoNothing(),
      );
      return Buffer.from((await stateOf('site-key')) as string, 'hex');
    },

    report: () => stateOf(reportName),

    record: (report, alarms, compared, at) =>
      database.transaction(async (tables) => {
        await tables
          .insert(driftState)
          .values({ name: reportName, value: report })
          .onConflictDoUpdate({ target: driftState.name, set: { value: sql`excluded.value` } });
        const known = new Map(
          (await tables.select().from(driftAlarm).where(eq(driftAlarm.line, line))).map((row) => [placeOfAlarm(row), row]),
        );
        const now = new Set(alarms.map(placeOfAlarm));
        const raised: RaisedAlarm[] = [];
        for (const alarm of alarms) {
          const before = known.get(placeOfAlarm(alarm));
          if (before && before.overAt === null)
            await tables.update(driftAlarm).set({ seenAt: at, detail: alarm.detail }).where(eq(driftAlarm.id, before.id));
          else {
            const fresh = {
              ...alarm,
              line,
              id: before?.id ?? randomBytes(6).toString('hex'),
              raisedAt: at,
              seenAt: at,
              overAt: null,
              acknowledgedBy: null,
              acknowledgedAt: null,
            };
            await tables.insert(driftAlarm).values(fresh).onConflictDoUpdate({ target: driftAlarm.id, set: fresh });
            raised.push(alarm);
          }
        }
        const ended = [...known.values()].filter(
          (row) => row.overAt === null && !now.has(placeOfAlarm(row)) && compared.has(placeOfAlarm(row)),
        );
        for (const row of ended) await tables.update(driftAlarm).set({ overAt: at }).where(eq(driftAlarm.id, row.id));
        return { raised, ended };
      }),

    alarms: () => lasting(eq(driftAlarm.line, line)),
    alarmsOfAllLines: () => lasting(undefined),

    async acknowledge(id, by, at) {
      const rows = await database.run((tables) =>
        tables
          .update(driftAlarm)
          .set({ acknowledgedBy: by, acknowledgedAt: at })
          .where(and(eq(driftAlarm.id, id), isNull(driftAlarm.overAt), isNull(driftAlarm.acknowledgedAt)))
          .returning({ id: driftAlarm.id }),
      );
      return rows.length === 1;
    },
  };
}
