import { readAssessedStudy, sameAssessmentIn } from './assessed-study.js';
import { assessedFindings, checkRequest, type AssessmentToRecord, type WithdrawalToRecord } from './assessment-request.js';
import type { AssessmentInPacs } from './assessments-in-pacs.js';
import { erasedFault } from '../reporting/erased-study.js';
import { consensusLabels, type ConsensusLabel, type LabelStatement } from './adjudicated-labels.js';
import { indexedAssessment, type IndexedAssessment } from './indexed-assessment.js';
import type { IndexPorts, RecordPorts } from './ports.js';
import { recordWithdrawal } from './record-withdrawal.js';
import { assessmentContent, storeAssessment } from './write-assessment.js';

/**
 * The story from a reader's assessment to the labels of a study. Every step can be repeated.
 *
 * @returns the assessment, whether it was stored now (false if the PACS contained it), and the labels of the study
 */
export async function giveAssessment(given: AssessmentToRecord | WithdrawalToRecord, ports: StoryPorts): Promise<GivenAssessment> {
  const { studyInstanceUID } = given;
  // 1. The assessment or the withdrawal becomes an SR document in the PACS (below).
  const recorded = 'withdrawn' in given ? await recordWithdrawal(given, ports) : await recordAssessment(given, ports);

  // 2. The document is indexed, as index-assessments.ts does with assessments from other systems.
  const assessment = indexedAssessment(recorded.reference, recorded.assessment, ports.findingNameOf)!;
  await ports.index.record(assessment);
  ports.log.info(recorded.stored ? 'assessment stored' : 'assessment was stored before', {
    study: studyInstanceUID,
    document: assessment.sopInstanceUID,
    findings: assessment.findings.length,
    withdrawn: assessment.withdrawn.length,
    verified: assessment.verified,
  });

  // 3. The last statement of each reader on each finding decides whether the finding has a label; retraining uses agreed labels.
  const labels = consensusLabels(await ports.statementsOf(studyInstanceUID));
  return { assessment, stored: recorded.stored, labels };
}

type StoryPorts = RecordPorts & Pick<IndexPorts, 'index' | 'findingNameOf' | 'log'> & LabelStatements;

interface GivenAssessment {
  readonly assessment: IndexedAssessment;
  readonly stored: boolean;
  readonly labels: readonly ConsensusLabel[];
}

/** Indexed statements of all readers on the findings of a study. */
export interface LabelStatements {
  statementsOf(studyInstanceUID: string): Promise<readonly LabelStatement[]>;
}

/**
 * A reader's assessment of a study → SR document in the PACS, which names the reader and the documents that were assessed.
 *
 * The same assessment of the same reader of the same result is stored once. A changed assessment is a new document that names the
 * earlier one as its predecessor.
 *
 * @throws Fault `pacs-not-found`, `request-invalid` (unknown finding, no decision), `request-refused` (adjudicates without the right
 *   to verify), `assessment-outdated`, `study-erased`
 */
export async function recordAssessment(
  given: AssessmentToRecord,
  ports: RecordPorts,
): Promise<AssessmentInPacs & { readonly stored: boolean }> {
  if (await ports.pacs.isErased?.(given.studyInstanceUID)) throw erasedFault(given.studyInstanceUID);
  // The study: its images, the current result, the assessments of all readers.
  const study = await readAssessedStudy(given.studyInstanceUID, given.reader.name, ports.pacs);
  checkRequest(given, study.result);
  const findings = assessedFindings(given, study.result, ports);
  const existing = sameAssessmentIn(study, given, findings);
  if (existing) return { ...existing, stored: false };

  // The document: written, stored, and read back from the PACS.
  const content = assessmentContent(given, study, { findings }, ports);
  return { ...(await storeAssessment(content, ports)), stored: true };
}
