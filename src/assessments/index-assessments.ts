import type { CodedConcept } from '../dicom/code.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { ReadAssessment } from '../sr/read-assessment.js';
import type { DocumentReference } from '../sr/report-content.js';
import type { Pacs } from '../reporting/ports.js';
import { assessmentsIn } from './assessments-in-pacs.js';

/** An assessment as the index keeps it: UIDs, codes, times, and the name of the reader. */
export interface IndexedAssessment {
  readonly sopInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly studyInstanceUID: string;
  readonly kind: ReadAssessment['kind'];
  readonly reader: string;
  readonly verified: boolean;
  readonly adjudicates: boolean;
  readonly origin: string;
  readonly givenAt: Date | null;
  readonly findings: readonly IndexedStatement[];
  readonly predecessors: readonly string[];
}

export interface IndexedStatement {
  readonly name?: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  readonly decision: ReadAssessment['findings'][number]['decision'];
  readonly comparison?: NonNullable<ReadAssessment['findings'][number]['comparison']>;
  readonly softwareDecision?: NonNullable<ReadAssessment['findings'][number]['softwareDecision']>;
}

export interface IndexAssessmentsPorts {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata'>;
  /** By config/findings.json. */
  findingNameOf(concept: CodedConcept): string | undefined;
  /** Durable when it resolves. @returns false if it was known */
  keep(assessment: IndexedAssessment): Promise<boolean>;
  /** Takes away those that the PACS no longer holds. @returns how many */
  prune(study: StudyInstanceUID, sopInstanceUIDs: readonly string[]): Promise<number>;
}

/**
 * Takes the assessments that the PACS holds of a study into the index, wherever they were given: here, at another system, or
 * before the database was lost; those that were deleted there are no labels any more.
 *
 * @returns the number that were new
 */
export async function indexAssessments(studyInstanceUID: StudyInstanceUID, tools: IndexAssessmentsPorts): Promise<number> {
  let fresh = 0;
  const held: string[] = [];
  for (const { reference, assessment } of assessmentsIn(await tools.pacs.retrieveStudyMetadata(studyInstanceUID))) {
    const indexed = indexedAssessment(reference, assessment, tools.findingNameOf);
    if (!indexed) continue;
    held.push(indexed.sopInstanceUID);
    if (await tools.keep(indexed)) fresh++;
  }
  await tools.prune(studyInstanceUID, held);
  return fresh;
}

/** @returns undefined for a verified document that names none of our findings: it is about something else */
export function indexedAssessment(
  reference: DocumentReference,
  assessment: ReadAssessment,
  findingNameOf: IndexAssessmentsPorts['findingNameOf'],
): IndexedAssessment | undefined {
  const findings = assessment.findings.flatMap(({ concept, decision, comparison, softwareDecision }): readonly IndexedStatement[] => {
    const name = findingNameOf(concept);
    if (name === undefined && assessment.kind === 'verified-report') return [];
    const { value: code, scheme, meaning } = concept;
    return [
      {
        ...(name === undefined ? {} : { name }),
        code,
        scheme,
        meaning,
        decision,
        ...(comparison ? { comparison } : {}),
        ...(softwareDecision ? { softwareDecision } : {}),
      },
    ];
  });
  if (findings.length === 0 || assessment.reader === '') return undefined;
  const { kind, reader, verified, adjudicates, origin, createdAt } = assessment;
  const { sopInstanceUID, seriesInstanceUID, studyInstanceUID } = reference;
  return {
    sopInstanceUID,
    seriesInstanceUID,
    studyInstanceUID,
    kind,
    reader,
    verified,
    adjudicates,
    origin,
    givenAt: createdAt ?? null,
    findings,
    predecessors: assessment.predecessors.map((one) => one.sopInstanceUID),
  };
}
