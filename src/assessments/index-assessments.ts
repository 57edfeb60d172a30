import type { CodedConcept } from '../dicom/code.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { ReadVerdict } from '../sr/read-assessment.js';
import type { DocumentReference } from '../sr/report-content.js';
import type { Pacs } from '../reporting/ports.js';
import { verdictsIn } from './assessments-in-pacs.js';

/** A verdict as the index keeps it: UIDs, codes, times, and the name of the reader. */
export interface IndexedVerdict {
  readonly sopInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly studyInstanceUID: string;
  readonly kind: ReadVerdict['kind'];
  readonly reader: string;
  readonly verified: boolean;
  readonly settles: boolean;
  readonly whence: string;
  readonly givenAt: Date | null;
  readonly findings: readonly IndexedJudgement[];
  readonly predecessors: readonly string[];
}

export interface IndexedJudgement {
  readonly name?: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  readonly decision: ReadVerdict['findings'][number]['decision'];
  readonly judgement?: NonNullable<ReadVerdict['findings'][number]['judgement']>;
  readonly softwareDecision?: NonNullable<ReadVerdict['findings'][number]['softwareDecision']>;
}

export interface IndexVerdictsTools {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata'>;
  /** By config/findings.json. */
  findingNameOf(concept: CodedConcept): string | undefined;
  /** Durable when it resolves. @returns false if it was known */
  keep(verdict: IndexedVerdict): Promise<boolean>;
  /** Takes away those that the PACS no longer holds. @returns how many */
  keepOnly(study: StudyInstanceUID, sopInstanceUIDs: readonly string[]): Promise<number>;
}

/**
 * Takes the verdicts that the PACS holds of a study into the index, wherever they were given: here, at another system, or
 * before the database was lost; those that were deleted there are no labels any more.
 *
 * @returns the number that were new
 */
export async function indexVerdicts(studyInstanceUID: StudyInstanceUID, tools: IndexVerdictsTools): Promise<number> {
  let fresh = 0;
  const held: string[] = [];
  for (const { reference, verdict } of verdictsIn(await tools.pacs.retrieveStudyMetadata(studyInstanceUID))) {
    const indexed = indexedVerdict(reference, verdict, tools.findingNameOf);
    if (!indexed) continue;
    held.push(indexed.sopInstanceUID);
    if (await tools.keep(indexed)) fresh++;
  }
  await tools.keepOnly(studyInstanceUID, held);
  return fresh;
}

/** @returns undefined for a verified document that names none of our findings: it is about something else */
export function indexedVerdict(reference: DocumentReference, verdict: ReadVerdict, findingNameOf: IndexVerdictsTools['findingNameOf']): IndexedVerdict | undefined {
  const findings = verdict.findings.flatMap(({ concept, decision, judgement, softwareDecision }): readonly IndexedJudgement[] => {
    const name = findingNameOf(concept);
    if (name === undefined && verdict.kind === 'verified-report') return [];
    const { value: code, scheme, meaning } = concept;
    return [{ ...(name === undefined ? {} : { name }), code, scheme, meaning, decision, ...(judgement ? { judgement } : {}), ...(softwareDecision ? { softwareDecision } : {}) }];
  });
  if (findings.length === 0 || verdict.reader === '') return undefined;
  const { kind, reader, verified, settles, whence, createdAt } = verdict;
  const { sopInstanceUID, seriesInstanceUID, studyInstanceUID } = reference;
  return { sopInstanceUID, seriesInstanceUID, studyInstanceUID, kind, reader, verified, settles, whence, givenAt: createdAt ?? null, findings, predecessors: verdict.predecessors.map((one) => one.sopInstanceUID) };
}
