import { consensusLabels, type ConsensusLabel } from '../../assessments/adjudicated-labels.js';
import type { AssessmentActions } from '../../assessments/assessments.js';
import type { IndexedAssessment } from '../../assessments/indexed-assessment.js';
import type { StudyInstanceUID } from '../../dicom/uid.js';
import type { Store } from '../../store/store.js';
import type { ShownAssessment, StudyAssessments } from '../page-types.js';
import type { AssessmentsPort } from '../ports.js';

/** The assessments of the index, as the interface shows them. */
export function assessmentsPortOf(
  assessments: Pick<AssessmentActions, 'give' | 'readerOf'>,
  store: Pick<Store, 'assessments' | 'labels' | 'readings'>,
  onChanged: (studyInstanceUID: string) => Promise<void> = async () => undefined,
): AssessmentsPort {
  return {
    async record({ reader, ...given }) {
      const { assessment, stored } = await assessments.give({
        ...given,
        studyInstanceUID: given.studyInstanceUID as StudyInstanceUID,
        reader: assessments.readerOf(reader),
      });
      // An assessment that was stored before says again that the study is read.
      if (!stored) await store.readings.markRead(given.studyInstanceUID, reader, new Date());
      await onChanged(given.studyInstanceUID);
      return { assessment: shownAssessment(assessment), stored };
    },
    mayVerify: (account) => assessments.readerOf(account).verifiesFor !== undefined,
    async ofStudy(studyInstanceUID, withReports) {
      const [rows, statements] = await Promise.all([store.assessments.ofStudy(studyInstanceUID), store.labels.ofStudy(studyInstanceUID)]);
      const shown = statements.filter(({ source }) => withReports || source !== 'report');
      return { assessments: rows.map(shownAssessment), labels: consensusLabels(shown).map(shownLabel) };
    },
  };
}

function shownAssessment(assessment: IndexedAssessment): ShownAssessment {
  const { sopInstanceUID, kind, reader, verified, adjudicates, origin, givenAt, findings, predecessors } = assessment;
  return {
    sopInstanceUID,
    kind,
    reader,
    verified,
    adjudicates,
    origin,
    givenAt: givenAt?.toISOString() ?? null,
    findings,
    predecessors,
  };
}

function shownLabel({ studyInstanceUID, finding, state, decision, statements }: ConsensusLabel): StudyAssessments['labels'][number] {
  return {
    studyInstanceUID,
    finding,
    state,
    ...(decision === undefined ? {} : { decision }),
    statements: statements.map(({ givenAt, ...one }) => ({ ...one, givenAt: givenAt?.toISOString() ?? null })),
  };
}
