import { and, asc, eq, gt, inArray, isNotNull, sql } from './drizzle.js';
import type { Database } from './database.js';
import { label, assessment } from './label-schema.js';
import { forgetReportsOf } from './radiology-reports.js';
import { reading } from './reading-schema.js';
import { analysisRequest } from './request-schema.js';
import { delivery, result, study, type StudyState } from './schema.js';
import { trialStudy } from './trial-schema.js';
import { noteStudyChange } from './study-changes.js';

/** A study that reached the PACS, and how far we are with it. */
export type StudyRow = Readonly<typeof study.$inferSelect>;

export interface StudyArrival {
  readonly studyInstanceUID: string;
  readonly orthancId: string;
  readonly at: Date;
  /** Calling and called AE title of the association that brought it; absent for STOW-RS and uploads. */
  readonly remoteAet?: string;
  readonly calledAet?: string;
}

/** Equals the key of no images. Not null: a study without a key has no result, and is not compared with the PACS. */
const unknownContent = 'unknown';

export interface Studies {
  /**
   * Records that the study was seen. A new study starts as `arriving`; a known one keeps its
   * state, its first time, and arrival details that this arrival does not tell.
   */
  seen(arrival: StudyArrival): Promise<StudyRow>;
  setState(studyInstanceUID: string, state: StudyState, at?: Date): Promise<void>;
  /** The study's result is stored: state `done`, for the images that `contentKey` identifies. */
  setDone(studyInstanceUID: string, contentKey: string, at?: Date): Promise<void>;
  /** For which images there is a result is no longer known: the study is reported again when it is looked at next. */
  forgetContent(studyInstanceUID: string): Promise<void>;
  find(studyInstanceUID: string): Promise<StudyRow | undefined>;
  ofOrthancId(orthancId: string): Promise<StudyRow | undefined>;
  /** Notes that a failure on this content is tried once more. */
  retrying(studyInstanceUID: string, contentKey: string): Promise<void>;
  /**
   * Removes everything that follows from a study that the PACS no longer has: results, deliveries, reading state, assessments, labels, a request. What
   * stays are figures of drift and of challengers. @returns false if nothing was known
   */
  forget(studyInstanceUID: string): Promise<boolean>;
  /** By UID, so that the last one of a page names the next page. */
  inState(state: StudyState, options?: { readonly limit?: number; readonly after?: string }): Promise<readonly StudyRow[]>;
  countByState(): Promise<Readonly<Record<StudyState, number>>>;
  /** Those of the given studies that were never seen: what a sweep has to take up. */
  unknownOf(studyInstanceUIDs: readonly string[]): Promise<readonly string[]>;
}

export function studiesIn(database: Database): Studies {
  return {
    async seen({ studyInstanceUID, orthancId, at, remoteAet, calledAet }) {
      const [row] = await database.run((tables) =>
        tables
          .insert(study)
          .values({ studyInstanceUID, orthancId, firstSeenAt: at, lastSeenAt: at, remoteAet, calledAet, state: 'arriving', stateSince: at })
          .onConflictDoUpdate({
            target: study.studyInstanceUID,
            set: {
              orthancId,
              lastSeenAt: sql`greatest(${study.lastSeenAt}, excluded.last_seen_at)`,
              remoteAet: sql`coalesce(excluded.remote_aet, ${study.remoteAet})`,
              calledAet: sql`coalesce(excluded.called_aet, ${study.calledAet})`,
            },
          })
          .returning(),
      );
      return row!;
    },

    async setState(studyInstanceUID, state, at = new Date()) {
      await database.run((tables) =>
        tables.update(study).set({ state, stateSince: at }).where(eq(study.studyInstanceUID, studyInstanceUID)),
      );
    },

    async setDone(studyInstanceUID, contentKey, at = new Date()) {
      await database.run((tables) =>
        tables.update(study).set({ state: 'done', stateSince: at, contentKey }).where(eq(study.studyInstanceUID, studyInstanceUID)),
      );
    },

    async forgetContent(studyInstanceUID) {
      await database.run((tables) =>
        tables
          .update(study)
          .set({ contentKey: unknownContent })
          .where(and(eq(study.studyInstanceUID, studyInstanceUID), isNotNull(study.contentKey))),
      );
    },

    async find(studyInstanceUID) {
      const [row] = await database.run((tables) => tables.select().from(study).where(eq(study.studyInstanceUID, studyInstanceUID)));
      return row;
    },

    async ofOrthancId(orthancId) {
      const [row] = await database.run((tables) => tables.select().from(study).where(eq(study.orthancId, orthancId)).limit(1));
      return row;
    },

    async retrying(studyInstanceUID, contentKey) {
      await database.run((tables) =>
        tables.update(study).set({ retriedKey: contentKey }).where(eq(study.studyInstanceUID, studyInstanceUID)),
      );
    },

    forget: (studyInstanceUID) =>
      database.transaction(async (tables) => {
        const results = await tables.delete(result).where(eq(result.studyInstanceUID, studyInstanceUID)).returning({ id: result.resultId });
        if (results.length > 0)
          await tables.delete(delivery).where(
            inArray(
              delivery.resultId,
              results.map(({ id }) => id),
            ),
          );
        await tables.delete(analysisRequest).where(eq(analysisRequest.studyInstanceUID, studyInstanceUID));
        await tables.delete(reading).where(eq(reading.studyInstanceUID, studyInstanceUID));
        await tables.delete(assessment).where(eq(assessment.studyInstanceUID, studyInstanceUID));
        const labels = await tables.delete(label).where(eq(label.studyInstanceUID, studyInstanceUID)).returning({ finding: label.finding });
        await tables.delete(trialStudy).where(eq(trialStudy.studyInstanceUID, studyInstanceUID));
        await forgetReportsOf(tables, studyInstanceUID);
        const studies = await tables
          .delete(study)
          .where(eq(study.studyInstanceUID, studyInstanceUID))
          .returning({ uid: study.studyInstanceUID });
        await noteStudyChange(tables, studyInstanceUID);
        return results.length + labels.length + studies.length > 0;
      }),

    inState(state, { limit = 100, after } = {}) {
      const page = after === undefined ? undefined : gt(study.studyInstanceUID, after);
      return database.run((tables) =>
        tables
          .select()
          .from(study)
          .where(and(eq(study.state, state), page))
          .orderBy(asc(study.studyInstanceUID))
          .limit(limit),
      );
    },

    async countByState() {
      const rows = await database.run((tables) =>
        tables.select({ state: study.state, n: sql<number>`count(*)::int` }).from(study).groupBy(study.state),
      );
      return { arriving: 0, queued: 0, done: 0, failed: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) };
    },

    async unknownOf(studyInstanceUIDs) {
      if (studyInstanceUIDs.length === 0) return [];
      const rows = await database.run((tables) =>
        tables
          .select({ uid: study.studyInstanceUID })
          .from(study)
          .where(inArray(study.studyInstanceUID, [...studyInstanceUIDs])),
      );
      const known = new Set(rows.map(({ uid }) => uid));
      return studyInstanceUIDs.filter((uid) => !known.has(uid));
    },
  };
}
