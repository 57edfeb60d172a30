import { consensusLabels, type ConsensusLabel } from '../../assessments/adjudicated-labels.js';
import type { AssessmentViewer } from '../assessment-viewer.js';
import type { AssessmentActions } from '../../assessments/assessments.js';
import { isBlind } from '../../assessments/blind-reading.js';
import type { IndexedAssessment } from '../../assessments/indexed-assessment.js';
import type { StudyInstanceUID } from '../../dicom/uid.js';
import type { LabelRow } from '../../store/labels.js';
import type { Store } from '../../store/store.js';
import type { ShownAssessment, StudyAssessments } from '../page-types.js';
import type { AssessmentsPort } from '../ports.js';

/** The assessments of the index, as the interface shows them. */
export function assessmentsPortOf(
  assessments: Pick<AssessmentActions, 'give' | 'readerOf' | 'comments' | 'hidesOthers' | 'codedFindings'>,
  store: Pick<Store, 'assessments' | 'labels' | 'readings'>,
  onChanged: (studyInstanceUID: string) => Promise<void> = async () => undefined,
): AssessmentsPort {
  const mayVerify = (account: string): boolean => assessments.readerOf(account).verifiesFor !== undefined;
  const hidesOthers = (viewer: AssessmentViewer, statements: readonly LabelRow[]): boolean =>
    assessments.hidesOthers && viewer.isReader && isBlind(viewer.name, statements, { mayAdjudicate: mayVerify(viewer.name) });
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
      return { assessment: shownAssessment(assessment, () => true), stored };
    },
    async withdraw({ studyInstanceUID, reader, findings, origin }) {
      const { assessment, stored } = await assessments.give({
        studyInstanceUID: studyInstanceUID as StudyInstanceUID,
        reader: assessments.readerOf(reader),
        withdrawn: findings,
        origin,
      });
      await onChanged(studyInstanceUID);
      return { assessment: shownAssessment(assessment, () => true), stored };
    },
    mayVerify,
    codedFindings: () => assessments.codedFindings,
    async ofStudy(studyInstanceUID, viewer, withComments) {
      const [all, statements] = await Promise.all([store.assessments.ofStudy(studyInstanceUID), store.labels.ofStudy(studyInstanceUID)]);
      const othersHidden = hidesOthers(viewer, statements);
      const rows = othersHidden ? all.filter(({ reader }) => reader === viewer.name) : all;
      const seen = othersHidden
        ? statements.filter(({ reader }) => reader === viewer.name)
        : statements.filter(({ source }) => viewer.isReader || source !== 'report');
      const isCurrent = currentIn(statements);
      const withStatement = rows.filter((row) => row.findings.some(({ name }) => isCurrent(row.sopInstanceUID, name)));
      const comments = withComments ? await assessments.comments(withStatement) : undefined;
      return {
        assessments: rows.map((row) => shownAssessment(row, isCurrent, comments?.get(row.sopInstanceUID))),
        labels: consensusLabels(seen).map(shownLabel),
        othersHidden,
        mayAdjudicate: viewer.isReader && mayVerify(viewer.name),
      };
    },
    async hiddenSeries(studyInstanceUID, viewer) {
      if (!assessments.hidesOthers || !viewer.isReader) return new Set();
      // What another system has verified is part of the patient's record, and stays visible.
      const others = (await store.assessments.ofStudy(studyInstanceUID)).filter(
        ({ kind, reader }) => kind === 'assessment' && reader !== viewer.name,
      );
      if (others.length === 0 || !hidesOthers(viewer, await store.labels.ofStudy(studyInstanceUID))) return new Set();
      return new Set(others.map(({ seriesInstanceUID }) => seriesInstanceUID));
    },
  };
}

type IsCurrent = (sopInstanceUID: string, finding: string | undefined) => boolean;

/** Whether an assessment is the latest one of its reader on a finding. @param statements that count, oldest first on each finding */
function currentIn(statements: readonly LabelRow[]): IsCurrent {
  const latest = new Map(statements.map(({ finding, reader, origin }) => [`${finding} ${reader}`, origin]));
  const current = new Set(statements.filter((one) => latest.get(`${one.finding} ${one.reader}`) === one.origin).map(keyOf));
  return (origin, finding = '') => current.has(keyOf({ origin, finding }));
}

function keyOf({ origin, finding }: Pick<LabelRow, 'origin' | 'finding'>): string {
  return `${origin} ${finding}`;
}

function shownAssessment(
  assessment: IndexedAssessment,
  isCurrent: IsCurrent,
  comments: readonly (string | undefined)[] = [],
): ShownAssessment {
  const { sopInstanceUID, kind, reader, verified, adjudicates, origin, givenAt, findings, withdrawn, predecessors } = assessment;
  return {
    sopInstanceUID,
    kind,
    reader,
    verified,
    adjudicates,
    origin,
    givenAt: givenAt?.toISOString() ?? null,
    findings: findings.map((one, index) => {
      const comment = comments[index];
      return { ...one, isCurrent: isCurrent(sopInstanceUID, one.name), ...(comment === undefined ? {} : { comment }) };
    }),
    withdrawn,
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
