import { and, asc, eq, gt, inArray, sql } from './drizzle.js';
import type { LabelOrigin } from '../lib/label-origin.js';
import type { Database } from './database.js';
import { studyStatistics } from './drift-schema.js';
import { updateDisagreement } from './disagreement.js';
import { label, assessment } from './label-schema.js';
import { study } from './schema.js';

/** One statement of one reader on one finding of a study. */
export type LabelRow = Readonly<typeof label.$inferSelect>;

/** Origin of what stands on a study as a label of Orthanc's own. */
const orthancLabelOrigin = 'orthanc-label';

/** A decision on a finding of a study on which all its readers agree. */
export interface AgreedLabel {
  readonly studyInstanceUID: string;
  /** Name in config/findings.json. */
  readonly finding: string;
  readonly decision: 'present' | 'absent';
  /** How reliable it is; see assessments/adjudicated-labels.ts. */
  readonly origin?: LabelOrigin;
  /** Only the text of a radiologist's report states it, as rules have read it: nobody has looked at the image to decide. */
  readonly isReadFromText?: true;
}

export interface LabelledStudy {
  readonly studyInstanceUID: string;
  readonly finding: string;
  readonly decision: 'present' | 'absent';
}

export interface Labels {
  /** Every statement that stands, study by study; pages end between studies. Start again after the last study of a page. */
  statements(options?: { readonly after?: string; readonly studies?: number }): Promise<readonly LabelRow[]>;
  ofStudy(studyInstanceUID: string): Promise<readonly LabelRow[]>;
  ofStudies(studyInstanceUIDs: readonly string[]): Promise<readonly LabelRow[]>;
  /** Makes the labels that Orthanc itself carries be exactly these. @returns how many came and went */
  setOrthancLabels(given: readonly LabelledStudy[]): Promise<{ readonly added: number; readonly removed: number }>;
  /** Where studies come from, by Study Instance UID: the site of drift monitoring, else the AE title that sent the study. Others are left out. */
  sites(studyInstanceUIDs: readonly string[]): Promise<ReadonlyMap<string, string>>;
  count(): Promise<number>;
}

/**
 * Not so where a verified report was amended: its later version, whoever verified it, names it in its Predecessor Documents
 * Sequence (PS3.3 C.17.2) and takes its place as a whole. A reader's assessment that adjudicates a disagreement refers to the
 * others' too, but concerns its own findings only; see adjudicated-labels.ts.
 */
const isStanding = sql`NOT EXISTS (
  SELECT 1 FROM ${assessment} AS earlier JOIN ${assessment} AS later ON later.study_instance_uid = earlier.study_instance_uid
  WHERE earlier.sop_instance_uid = ${label.origin} AND earlier.kind = 'verified-report' AND later.kind = 'verified-report'
    AND later.predecessors @> to_jsonb(earlier.sop_instance_uid) AND NOT earlier.predecessors @> to_jsonb(later.sop_instance_uid))`;

/**
 * Not so where the reader withdrew it afterwards: the withdrawal names the assessment as its predecessor, or is later and not itself a
 * predecessor of the assessment (the clock may have been set back).
 */
const isNotWithdrawn = sql`NOT EXISTS (
  SELECT 1 FROM ${assessment} AS earlier JOIN ${assessment} AS later ON later.study_instance_uid = earlier.study_instance_uid AND later.reader = earlier.reader
  WHERE earlier.sop_instance_uid = ${label.origin} AND later.withdrawn @> jsonb_build_array(jsonb_build_object('name', ${label.finding}))
    AND (later.predecessors @> to_jsonb(earlier.sop_instance_uid)
      OR (coalesce(later.given_at >= earlier.given_at, true) AND NOT earlier.predecessors @> to_jsonb(later.sop_instance_uid))))`;

export function labelsIn(database: Database): Labels {
  return {
    async statements({ after, studies = 500 } = {}) {
      const page = await database.run((tables) =>
        tables
          .selectDistinct({ uid: label.studyInstanceUID })
          .from(label)
          .where(after === undefined ? undefined : gt(label.studyInstanceUID, after))
          .orderBy(asc(label.studyInstanceUID))
          .limit(studies),
      );
      if (page.length === 0) return [];
      return database.run((tables) =>
        tables
          .select()
          .from(label)
          .where(
            and(
              inArray(
                label.studyInstanceUID,
                page.map(({ uid }) => uid),
              ),
              isStanding,
              isNotWithdrawn,
            ),
          )
          .orderBy(asc(label.studyInstanceUID), asc(label.finding), sql`${label.givenAt} NULLS FIRST`, asc(label.origin)),
      );
    },

    ofStudy(studyInstanceUID) {
      return database.run((tables) =>
        tables
          .select()
          .from(label)
          .where(and(eq(label.studyInstanceUID, studyInstanceUID), isStanding, isNotWithdrawn))
          .orderBy(asc(label.finding), sql`${label.givenAt} NULLS FIRST`, asc(label.origin)),
      );
    },

    async ofStudies(studyInstanceUIDs) {
      const rows: LabelRow[] = [];
      for (let from = 0; from < studyInstanceUIDs.length; from += 1_000) {
        rows.push(
          ...(await database.run((tables) =>
            tables
              .select()
              .from(label)
              .where(and(inArray(label.studyInstanceUID, studyInstanceUIDs.slice(from, from + 1_000)), isStanding, isNotWithdrawn)),
          )),
        );
      }
      return rows;
    },

    setOrthancLabels: (given) =>
      database.transaction(async (tables) => {
        const key = (one: LabelledStudy): string => `${one.studyInstanceUID} ${one.finding} ${one.decision}`;
        const present = (await tables.select().from(label).where(eq(label.origin, orthancLabelOrigin))).map((row) => row as LabelledStudy);
        const wanted = new Set(given.map(key));
        const known = new Set(present.map(key));
        const gone = present.filter((one) => !wanted.has(key(one)));
        for (const one of gone)
          await tables
            .delete(label)
            .where(
              and(eq(label.studyInstanceUID, one.studyInstanceUID), eq(label.finding, one.finding), eq(label.origin, orthancLabelOrigin)),
            );
        const fresh = given.filter((one) => !known.has(key(one)));
        for (let from = 0; from < fresh.length; from += 1_000) {
          const rows = fresh.slice(from, from + 1_000).map((one) => ({
            ...one,
            origin: orthancLabelOrigin,
            source: 'orthanc-label' as const,
            reader: orthancLabelReader,
            verified: false,
            adjudicates: false,
            givenAt: null,
          }));
          await tables.insert(label).values(rows).onConflictDoNothing();
        }
        await updateDisagreement(
          tables,
          [...gone, ...fresh].map(({ studyInstanceUID }) => studyInstanceUID),
        );
        return { added: fresh.length, removed: gone.length };
      }),

    async sites(studyInstanceUIDs) {
      if (studyInstanceUIDs.length === 0) return new Map();
      const uids = [...studyInstanceUIDs];
      const [named, sent] = await database.run((tables) =>
        Promise.all([
          tables
            .selectDistinct({ uid: studyStatistics.studyInstanceUID, site: studyStatistics.site })
            .from(studyStatistics)
            .where(inArray(studyStatistics.studyInstanceUID, uids)),
          tables.select({ uid: study.studyInstanceUID, site: study.remoteAet }).from(study).where(inArray(study.studyInstanceUID, uids)),
        ]),
      );
      return new Map([...sent, ...named].flatMap(({ uid, site }) => (site === null ? [] : [[uid, site] as const])));
    },

    async count() {
      const [row] = await database.run((tables) => tables.select({ n: sql<number>`count(*)::int` }).from(label));
      return row!.n;
    },
  };
}

/** Orthanc records neither who set a label nor when. */
const orthancLabelReader = '(label in Orthanc)';
