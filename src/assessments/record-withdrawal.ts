import { sameConcept } from '../dicom/code.js';
import { Fault } from '../errors.js';
import { erasedFault } from '../reporting/erased-study.js';
import { assessedBy, readAssessedStudy, sameWithdrawalIn } from './assessed-study.js';
import { withdrawnConcepts, type WithdrawalToRecord } from './assessment-request.js';
import type { AssessmentInPacs } from './assessments-in-pacs.js';
import type { RecordPorts } from './ports.js';
import { assessmentContent, storeAssessment } from './write-assessment.js';

/**
 * A reader withdraws earlier assessments → SR document in the PACS that supersedes them and states no decision. The same withdrawal is
 * stored once.
 *
 * @throws Fault `pacs-not-found`, `request-invalid` (unknown finding, one that the reader has not assessed), `study-erased`
 */
export async function recordWithdrawal(
  given: WithdrawalToRecord,
  ports: RecordPorts,
): Promise<AssessmentInPacs & { readonly stored: boolean }> {
  const { studyInstanceUID, reader } = given;
  if (await ports.pacs.isErased?.(studyInstanceUID)) throw erasedFault(studyInstanceUID);
  const withdrawn = withdrawnConcepts(given, ports);
  const study = await readAssessedStudy(studyInstanceUID, reader.name, ports.pacs);
  const assessed = assessedBy(reader.name, study.instances);
  // An assessment that was stored at the same time may count again: only a withdrawal after which none of the findings counts is repeated.
  const isDone = !withdrawn.some((concept) => assessed.some((one) => sameConcept(one, concept)));
  const existing = isDone ? sameWithdrawalIn(study, withdrawn) : undefined;
  if (existing) return { ...existing, stored: false };
  const missing = withdrawn.find((concept) => !assessed.some((one) => sameConcept(one, concept)));
  if (missing)
    throw new Fault('request-invalid', `expected findings that you have assessed, found ${missing.meaning}`, { studyInstanceUID });
  return { ...(await storeAssessment(assessmentContent(given, study, { findings: [], withdrawn }, ports), ports)), stored: true };
}
