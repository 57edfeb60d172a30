import { consensusLabels } from '../../assessments/adjudicated-labels.js';
import type { Assessments } from '../../assessments/assessments.js';
import type { IndexedAssessment } from '../../assessments/indexed-assessment.js';
import type { StudyInstanceUID } from '../../dicom/uid.js';
import type { Store } from '../../store/store.js';
import type { AssessmentsPort, ShownAssessment } from '../ports/assessments.js';

/** Assessments as the page and the API show them. */
export function assessmentsPort(assessments: Assessments, store: Pick<Store, 'assessments' | 'labels'>): AssessmentsPort {
  return {
    async record({ reader, studyInstanceUID, ...given }) {
      const { assessment, stored } = await assessments.give({
        ...given,
        studyInstanceUID: studyInstanceUID as StudyInstanceUID,
        reader: assessments.readerOf(reader),
      });
      return { assessment: shown(assessment), stored };
    },
    mayVerify: (account) => assessments.readerOf(account).verifiesFor !== undefined,
    async ofStudy(studyInstanceUID) {
      const [rows, statements] = await Promise.all([store.assessments.ofStudy(studyInstanceUID), store.labels.ofStudy(studyInstanceUID)]);
      return { assessments: rows.map(shown), labels: consensusLabels(statements) };
    },
  };
}

function shown({
  sopInstanceUID,
  kind,
  reader,
  verified,
  adjudicates,
  origin,
  givenAt,
  findings,
  predecessors,
}: IndexedAssessment): ShownAssessment {
  return { sopInstanceUID, kind, reader, verified, adjudicates, origin, givenAt, findings, predecessors };
}
