import { createHash } from 'node:crypto';
import { consensusLabels, isReadFromText } from '../../assessments/adjudicated-labels.js';
import type { AuditLog } from '../../audit/audit-log.js';
import { Fault } from '../../errors.js';
import { plainText } from '../../lib/plain-text.js';
import { Semaphore } from '../../lib/semaphore.js';
import type { Store } from '../../store/store.js';
import type { BackfillActor } from '../backfill-actions.js';
import { composeFigures } from './compose-figures.js';
import type { TrialFigures, TrialReport } from './trial-figures.js';

/** What a person states about a report. */
export interface SignOffRequest {
  readonly name: string;
  /** The person's function, e.g. "Medical director". */
  readonly role: string;
  readonly isAccepted: boolean;
  readonly comment?: string | undefined;
  /** Of the figures that the person has read. */
  readonly sha256: string;
  /** Default: the version with the most studies. */
  readonly version?: string | undefined;
}

export interface TrialReports {
  /** @throws Fault `not-found`, `request-invalid` if it is no analysis in shadow, or nothing was predicted yet */
  report(backfillId: number, version?: string): Promise<TrialReport>;
  /**
   * Signs the report; on record before and after.
   *
   * @throws Fault as `report`, and `request-invalid` if the analysis is in progress, or the figures are others by now
   */
  sign(backfillId: number, request: SignOffRequest, by: BackfillActor): Promise<TrialReport>;
}

export function trialReportsOf(store: Pick<Store, 'backfills' | 'trials' | 'labels'>, audit: AuditLog): TrialReports {
  // A large trial takes memory and seconds: one report at a time.
  const oneReport = new Semaphore({ maxActive: 1 });
  const report: TrialReports['report'] = (backfillId, version) => oneReport.use(() => compose(backfillId, version));
  const compose: TrialReports['report'] = async (backfillId, version) => {
    const backfill = await store.backfills.find(backfillId);
    if (!backfill) throw new Fault('not-found', `expected the number of a backfill, found ${backfillId}`);
    if (!backfill.shadow)
      throw new Fault(
        'request-invalid',
        `expected an analysis in shadow, which ends with a report, found backfill ${backfillId}, which writes results`,
      );
    const versions = (await store.trials.versions(backfillId)).map(({ modelVersion }) => modelVersion);
    const modelVersion = version === undefined ? versions[0] : versions.find((one) => one === version);
    if (modelVersion === undefined)
      throw new Fault(
        'request-invalid',
        `expected studies with predictions${version === undefined ? '' : ` of version ${plainText(version, 40)}`} in backfill ${backfillId}, found ${versions.length === 0 ? 'none' : `those of ${versions.join(', ')}`}`,
      );
    const studies = await store.trials.studies(backfillId, modelVersion);
    // Of readers alone: rules that read the text of reports make mistakes, and a person signs the figures.
    const statements = await store.labels.ofStudies(studies.map(({ studyInstanceUID }) => studyInstanceUID));
    const labels = consensusLabels(statements.filter((one) => !isReadFromText(one)));
    const others = versions.filter((one) => one !== modelVersion);
    const figures = composeFigures(backfill, modelVersion, others, studies, labels);
    const sha256 = sha256Of(figures);
    const signed = await store.trials.signOffs(backfillId, modelVersion);
    return {
      figures,
      sha256,
      signOffs: signed.map(({ figuresSha256, isAccepted, name, role, comment, signedBy, signedAt }) => ({
        figuresSha256,
        isForTheseFigures: figuresSha256 === sha256,
        isAccepted,
        name,
        role,
        comment,
        signedBy,
        signedAt: signedAt.toISOString(),
      })),
    };
  };
  return {
    report,
    async sign(backfillId, request, by) {
      const { figures, sha256 } = await report(backfillId, request.version);
      if (figures.state === 'running' || figures.state === 'paused')
        throw new Fault('request-invalid', `expected an analysis that has ended, found backfill ${backfillId}, which is ${figures.state}`);
      if (request.sha256 !== sha256)
        throw new Fault(
          'request-invalid',
          `expected the SHA-256 of the present figures, ${sha256.slice(0, 12)}…, found ${plainText(request.sha256, 12)}…: studies or labels have changed since; read the report again`,
        );
      const [name, role] = [stated('name', request.name), stated('role', request.role)];
      const comment = (request.comment ?? '').trim().slice(0, maxComment);
      const { isAccepted } = request;
      const { modelVersion } = figures;
      await audit.recordAction(
        { ...by, action: 'backfill.sign', subject: { backfill: backfillId, model: modelVersion, sha256, isAccepted, name, role, comment } },
        () =>
          store.trials.sign({
            backfillId,
            modelVersion,
            figuresSha256: sha256,
            isAccepted,
            name,
            role,
            comment,
            signedBy: by.actor,
            signedAt: new Date(),
          }),
      );
      return report(backfillId, modelVersion);
    },
  };
}

export const maxComment = 1_000;
export const maxName = 100;

/** The figures as they are signed: the bytes of report.json. */
export function figuresText(figures: TrialFigures): string {
  return JSON.stringify(figures);
}

export function sha256Of(figures: TrialFigures): string {
  return createHash('sha256').update(figuresText(figures)).digest('hex');
}

function stated(what: string, text: string): string {
  const plain = plainText(text, maxName).trim();
  if (plain === '') throw new Fault('request-invalid', `expected the ${what} of the person who signs, found none`);
  return plain;
}
