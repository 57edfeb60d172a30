import { ApiFault, get, post } from '../api.js';
import type { Decision } from '../../server/page-types.js';
import type { ShownResult } from '../../server/ports/server.js';
import type { StudyAssessments } from '../assessments.js';
import { studyApi } from '../addresses.js';

export interface FindingAssessment {
  readonly name: string;
  readonly decision: Decision;
}

/** What is known of a study that the viewer shows. */
export class ShownStudy {
  /** Undefined before the first answer, and of a study that was not judged yet. */
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
      // No result yet is no fault.
      this.fault = error instanceof ApiFault && error.status === 404 ? undefined : error;
    }
  }

  /** @throws ApiFault; with 409 the result was replaced since */
  async judge(findings: readonly FindingAssessment[]): Promise<void> {
    const assessedDocument = this.current?.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
    try {
      await post(studyApi(this.uid, 'assessments'), { findings, ...(assessedDocument ? { assessedDocument } : {}) });
    } finally {
      await this.load();
    }
  }
}
