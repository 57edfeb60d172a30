import { isDeepStrictEqual } from 'node:util';
import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { ownDocumentsIn, type OwnDocument } from '../reporting/own-documents.js';
import type { AssessedFinding } from '../sr/assessment-content.js';
import type { Decision } from '../sr/report-content.js';
import type { AssessmentToRecord } from './assessment-request.js';
import { currentAssessmentsIn, readAssessments, type AssessmentInPacs } from './assessments-in-pacs.js';
import type { AssessmentPacs } from './ports.js';

/** A study as the PACS contains it when an assessment is given. */
export interface AssessedStudy {
  readonly instances: readonly DataSet[];
  /** Documents of the current result. */
  readonly result: readonly OwnDocument[];
  /** The current assessments of the reader who gives this one, and of all others. */
  readonly ownAssessments: readonly AssessmentInPacs[];
  readonly otherAssessments: readonly AssessmentInPacs[];
}

/** @throws Fault `pacs-not-found` if the study has no instance */
export async function readAssessedStudy(
  studyInstanceUID: StudyInstanceUID,
  reader: string,
  pacs: Pick<AssessmentPacs, 'retrieveStudyMetadata'>,
): Promise<AssessedStudy> {
  const instances = await pacs.retrieveStudyMetadata(studyInstanceUID);
  if (instances.length === 0) throw new Fault('pacs-not-found', 'expected a study with instances, found none', { studyInstanceUID });
  const assessments = currentAssessmentsIn(instances);
  const own = assessments.filter(({ assessment }) => assessment.kind === 'assessment' && assessment.reader === reader);
  return {
    instances,
    result: ownDocumentsIn(instances).current,
    ownAssessments: own,
    otherAssessments: assessments.filter((one) => !own.includes(one)),
  };
}

/** The assessment of the same reader that states the same about the same result, with the same rights, if the PACS contains one. */
export function sameAssessmentIn(
  { ownAssessments, result }: AssessedStudy,
  given: AssessmentToRecord,
  findings: readonly AssessedFinding[],
): AssessmentInPacs | undefined {
  return ownAssessments.find(
    ({ assessment }) =>
      result.every((one) => assessment.predecessors.some(({ sopInstanceUID }) => sopInstanceUID === one.reference.sopInstanceUID)) &&
      assessment.verified === (given.reader.verifiesFor !== undefined) &&
      assessment.adjudicates === (given.adjudicates ?? false) &&
      isDeepStrictEqual(decisionsIn(assessment.findings), decisionsIn(findings)),
  );
}

/** The withdrawal of these findings by the reader that no later assessment of the reader follows, if the PACS contains one. */
export function sameWithdrawalIn(
  { ownAssessments }: Pick<AssessedStudy, 'ownAssessments'>,
  withdrawn: readonly CodedConcept[],
): AssessmentInPacs | undefined {
  const keys = (concepts: readonly CodedConcept[]): readonly string[] => concepts.map(keyOf).sort();
  return ownAssessments.find(({ assessment }) => isDeepStrictEqual(keys(assessment.withdrawn), keys(withdrawn)));
}

/** The findings on which an assessment of the reader counts, in the order of the documents: oldest first. */
export function assessedBy(reader: string, instances: readonly DataSet[]): readonly CodedConcept[] {
  const counting = new Map<string, CodedConcept>();
  for (const { assessment } of readAssessments(instances)) {
    if (assessment.kind !== 'assessment' || assessment.reader !== reader) continue;
    for (const concept of assessment.withdrawn) counting.delete(keyOf(concept));
    for (const { concept } of assessment.findings) counting.set(keyOf(concept), concept);
  }
  return [...counting.values()];
}

function keyOf({ scheme, value }: CodedConcept): string {
  return `${scheme} ${value}`;
}

function decisionsIn(
  findings: readonly { readonly concept: CodedConcept; readonly decision: Decision; readonly comment?: string }[],
): readonly string[] {
  return findings.map(({ concept, decision, comment = '' }) => `${keyOf(concept)} ${decision} ${comment}`).sort();
}
