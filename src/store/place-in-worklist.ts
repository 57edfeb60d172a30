import { and, desc, eq, sql } from './drizzle.js';
import type { AgeGroup } from '../dicom/patient-age.js';
import type { Tables } from './database.js';
import { updateDisagreement } from './disagreement.js';
import { assessment } from './label-schema.js';
import { reading, type RecordedEncounter } from './reading-schema.js';
import { study, type RecordedFinding } from './schema.js';

/** What the order of reading needs to know of a study with a new result: derived numbers only, no attribute of the patient. */
export interface NewTriage {
  readonly urgency: number;
  readonly ageGroup?: AgeGroup | undefined;
  readonly encounterClass?: RecordedEncounter | undefined;
  /** Of the images. */
  readonly modalities?: readonly string[] | undefined;
  /** A routing rule has it analysed. */
  readonly isSelected: boolean;
  /** It does not come from an archive. */
  readonly isRecent: boolean;
}

export interface PlacedResult {
  readonly studyInstanceUID: string;
  readonly triage: NewTriage;
  readonly findings: readonly RecordedFinding[];
  /** Of the result that was current until now; undefined if there was none. */
  readonly findingsBefore: readonly RecordedFinding[] | undefined;
  /** Start of the wait if the study is new here and was not seen to arrive. */
  readonly createdAt: Date;
  readonly now: Date;
  /** The same images were analysed with another model version: nothing of what was read or waits changes. */
  readonly isReanalysis: boolean;
}

/**
 * Gives a study its place in the order of reading when a result becomes current, within the transaction. What a reader has done stays, with
 * one exception: a study that was read waits again if the decision on a finding changed, because nobody has read what it
 * shows now. A study of the archive that is analysed again with another model version neither starts nor ceases to wait.
 */
export async function placeInWorklist(tables: Tables, placed: PlacedResult): Promise<void> {
  const { studyInstanceUID, triage, findings, findingsBefore, createdAt, now, isReanalysis } = placed;
  const { urgency, ageGroup = null, encounterClass = null, modalities, isSelected, isRecent } = triage;
  const facts = modalities && modalities.length > 0 ? { modalities: [...modalities] } : {};
  const [known] = await tables.select().from(reading).where(eq(reading.studyInstanceUID, studyInstanceUID)).for('update');
  if (!known) {
    const [[seen], [assessed]] = [
      await tables.select({ at: study.firstSeenAt }).from(study).where(eq(study.studyInstanceUID, studyInstanceUID)),
      await tables
        .select({ reader: assessment.reader, at: assessment.givenAt })
        .from(assessment)
        .where(and(eq(assessment.studyInstanceUID, studyInstanceUID), sql`${assessment.withdrawn} = '[]'`))
        .orderBy(sql`${desc(assessment.givenAt)} NULLS LAST`)
        .limit(1),
    ];
    await tables.insert(reading).values({
      studyInstanceUID,
      waits: isSelected && isRecent && !isReanalysis,
      waitingSince: seen?.at ?? createdAt,
      urgency,
      ageGroup,
      encounterClass,
      ...facts,
      ...(assessed ? { reader: assessed.reader, readAt: assessed.at ?? now } : {}),
    });
    await updateDisagreement(tables, [studyInstanceUID]);
    return;
  }
  const waits = isReanalysis ? known.waits : isSelected && (known.waits || isRecent);
  const isReopened = !isReanalysis && known.readAt !== null && findingsBefore !== undefined && decisionsDiffer(findingsBefore, findings);
  const startsToWait = isReopened || (waits && !known.waits && known.readAt === null);
  await tables
    .update(reading)
    .set({
      urgency,
      ageGroup,
      encounterClass,
      ...facts,
      waits,
      ...(startsToWait ? { waitingSince: now } : {}),
      ...(isReopened ? { readAt: null, reader: null, claimedUntil: null } : {}),
    })
    .where(eq(reading.studyInstanceUID, studyInstanceUID));
}

/** Whether the decision on any finding differs; a finding that one result does not contain counts as absent there. */
export function decisionsDiffer(
  before: readonly Pick<RecordedFinding, 'name' | 'decision'>[],
  after: readonly Pick<RecordedFinding, 'name' | 'decision'>[],
): boolean {
  const [first, second] = [before, after].map((findings) => new Map(findings.map(({ name, decision }) => [name, decision])));
  return [...new Set([...first!.keys(), ...second!.keys()])].some(
    (name) => (first!.get(name) ?? 'absent') !== (second!.get(name) ?? 'absent'),
  );
}
