import type { DataSet } from '../dicom/data-set.js';
import { readAssessment, type ReadAssessment } from '../sr/read-assessment.js';
import { referenceTo } from '../reporting/image-reference.js';
import type { DocumentReference } from '../sr/report-content.js';

/** A reader's assessment of a study that the PACS contains. */
export interface AssessmentInPacs {
  readonly reference: DocumentReference;
  readonly assessment: ReadAssessment;
}

/** Finds the assessments among the instances of a study, oldest first. */
export function readAssessments(instances: readonly DataSet[]): readonly AssessmentInPacs[] {
  return instances
    .flatMap((instance): readonly AssessmentInPacs[] => {
      const assessment = readAssessment(instance);
      return assessment ? [{ reference: referenceTo(instance), assessment }] : [];
    })
    .sort((a, b) => timeOf(a) - timeOf(b) || (a.reference.sopInstanceUID < b.reference.sopInstanceUID ? -1 : 1));
}

/** Each reader's assessments that no later one of the same reader follows. */
export function currentAssessmentsIn(instances: readonly DataSet[]): readonly AssessmentInPacs[] {
  const all = readAssessments(instances);
  return all.filter(
    ({ reference, assessment }) =>
      !all.some(
        (later) =>
          later.assessment.reader === assessment.reader &&
          later.assessment.predecessors.some((one) => one.sopInstanceUID === reference.sopInstanceUID),
      ),
  );
}

function timeOf({ assessment }: AssessmentInPacs): number {
  return assessment.createdAt?.getTime() ?? 0;
}
