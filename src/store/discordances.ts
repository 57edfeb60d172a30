import { and, desc, eq, isNotNull, isNull, sql } from './drizzle.js';
import type { Database, Tables } from './database.js';
import { discordance, type DiscordanceKind } from './report-schema.js';

export type DiscordanceRow = Readonly<typeof discordance.$inferSelect>;

export type NewDiscordance = Omit<DiscordanceRow, 'studyInstanceUID' | 'foundAt' | 'reviewedBy' | 'reviewedAt'>;

export interface DiscordanceQuery {
  readonly kind?: DiscordanceKind | undefined;
  readonly finding?: string | undefined;
  /** Whether somebody has looked at it; both if absent. */
  readonly isReviewed?: boolean | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** Findings in which the current result and the radiologist's report of a study differ. */
export interface Discordances {
  /** The greatest gap first. */
  page(query: DiscordanceQuery): Promise<{ readonly rows: readonly DiscordanceRow[]; readonly next?: string }>;
  /** Notes who has looked at it first. @returns undefined if there is none */
  review(studyInstanceUID: string, finding: string, reader: string, at: Date): Promise<DiscordanceRow | undefined>;
  /** By kind, those that nobody has looked at. */
  countOpen(): Promise<Readonly<Record<DiscordanceKind, number>>>;
}

export function discordancesIn(database: Database): Discordances {
  return {
    async page({ kind, finding, isReviewed, limit, after }) {
      const from = after === undefined ? undefined : readCursor(after);
      const rows = await database.run((tables) =>
        tables
          .select()
          .from(discordance)
          .where(
            and(
              kind && eq(discordance.kind, kind),
              finding === undefined ? undefined : eq(discordance.finding, finding),
              isReviewed === undefined ? undefined : isReviewed ? isNotNull(discordance.reviewedAt) : isNull(discordance.reviewedAt),
              from &&
                sql`(${discordance.gap}, ${discordance.studyInstanceUID}, ${discordance.finding}) < (${from.gap}::double precision, ${from.study}, ${from.finding})`,
            ),
          )
          .orderBy(desc(discordance.gap), desc(discordance.studyInstanceUID), desc(discordance.finding))
          .limit(limit + 1),
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return rows.length > limit && last ? { rows: page, next: `${last.gap} ${last.studyInstanceUID} ${last.finding}` } : { rows: page };
    },

    async review(studyInstanceUID, finding, reader, at) {
      const one = and(eq(discordance.studyInstanceUID, studyInstanceUID), eq(discordance.finding, finding));
      return database.transaction(async (tables) => {
        await tables
          .update(discordance)
          .set({ reviewedBy: reader, reviewedAt: at })
          .where(and(one, isNull(discordance.reviewedAt)));
        const [row] = await tables.select().from(discordance).where(one);
        return row;
      });
    },

    async countOpen() {
      const rows = await database.run((tables) =>
        tables
          .select({ kind: discordance.kind, n: sql<number>`count(*)::int` })
          .from(discordance)
          .where(isNull(discordance.reviewedAt))
          .groupBy(discordance.kind),
      );
      return { 'report-silent': 0, 'report-absent': 0, 'ai-absent': 0, ...Object.fromEntries(rows.map(({ kind, n }) => [kind, n])) };
    },
  };
}

/** A cursor that nobody has been given ends the list. */
function readCursor(after: string): { readonly gap: number; readonly study: string; readonly finding: string } {
  const [gap = '', study = '', finding = ''] = after.split(' ');
  return { gap: Number.isFinite(Number(gap)) ? Number(gap) : -1, study, finding };
}

/** That somebody has looked at a discordance stays as long as it is the same one. */
export async function replaceDiscordances(
  tables: Tables,
  studyInstanceUID: string,
  wanted: readonly NewDiscordance[],
  now: Date,
): Promise<void> {
  const known = await tables.select().from(discordance).where(eq(discordance.studyInstanceUID, studyInstanceUID));
  await tables.delete(discordance).where(eq(discordance.studyInstanceUID, studyInstanceUID));
  if (wanted.length === 0) return;
  await tables.insert(discordance).values(
    wanted.map((one) => {
      const same = known.find(
        ({ finding, kind, reportKey }) => finding === one.finding && kind === one.kind && reportKey === one.reportKey,
      );
      return {
        ...one,
        studyInstanceUID,
        foundAt: same?.foundAt ?? now,
        reviewedBy: same?.reviewedBy ?? null,
        reviewedAt: same?.reviewedAt ?? null,
      };
    }),
  );
}
