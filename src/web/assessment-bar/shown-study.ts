import { ApiFault, get, post } from '../api.js';
import type { Decision, ShownResult, StudyAssessments } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';

export interface FindingAssessment {
  readonly name: string;
  readonly decision: Decision;
}

/** A study that the viewer displays: its result and assessments. */
export class ShownStudy {
  /** Undefined before the first reply, and for a study that has not been analyzed yet. */
  current: ShownResult | undefined;
  assessments: StudyAssessments['assessments'] = [];
  disagreed = false;
  fault: unknown;

  constructor(readonly uid: string) {}

  async load(): Promise<void> {
    try {
      const [results, { assessments, labels }] = await Promise.all([
        get<readonly ShownResult[]>(studyApi(this.uid)),
        get<StudyAssessments>(studyApi(this.uid, 'assessments')),
      ]);
      this.current = results.find((one) => one.isCurrent);
      this.assessments = assessments;
      this.disagreed = labels.some(({ state }) => state === 'disagreed');
      this.fault = undefined;
    } catch (error) {
      // A study without a result is no error.
      this.fault = error instanceof ApiFault && error.status === 404 ? undefined : error;
    }
  }

  /** @throws ApiFault; with status 409 if the result has been replaced since */
  async assess(findings: readonly FindingAssessment[]): Promise<void> {
    const assessedDocument = this.current?.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
    try {
      await post(studyApi(this.uid, 'assessments'), { findings, ...(assessedDocument ? { assessedDocument } : {}) });
    } finally {
      await this.load();
    }
  }
}
