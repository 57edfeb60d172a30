import { ApiFault, get, post } from '../api.js';
import type { ShownResult, StudyAssessments } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { assessableFindings, type AssessableFinding } from '../assessments.js';

/** A study that the viewer displays: its result and assessments. */
export class ShownStudy {
  /** Undefined before the first reply, and for a study that has not been analyzed yet. */
  current: ShownResult | undefined;
  known: StudyAssessments | undefined;
  fault: unknown;

  constructor(readonly uid: string) {}

  /** In the order in which they are shown; none without a result. */
  get findings(): readonly AssessableFinding[] {
    return this.current?.outcome === 'reported' ? assessableFindings(this.current.findings, this.known?.assessments ?? []) : [];
  }

  /** SOP Instance UID of the text report that the reader sees. */
  get assessedDocument(): string | undefined {
    return this.current?.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
  }

  async load(): Promise<void> {
    try {
      const [results, known] = await Promise.all([
        get<readonly ShownResult[]>(studyApi(this.uid)),
        get<StudyAssessments>(`${studyApi(this.uid, 'assessments')}?comments=true`),
      ]);
      this.current = results.find((one) => one.isCurrent);
      this.known = known;
      this.fault = undefined;
    } catch (error) {
      // A study without a result is no error.
      this.fault = error instanceof ApiFault && error.status === 404 ? undefined : error;
    }
  }

  /** @throws ApiFault */
  async withdraw(finding: string): Promise<void> {
    await post(studyApi(this.uid, 'assessments', 'withdrawals'), { findings: [finding] });
    await this.load();
  }
}
