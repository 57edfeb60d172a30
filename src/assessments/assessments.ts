import type { AuditLog } from '../audit/audit-log.js';
import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Reader } from '../sr/assessment-content.js';
import type { Store } from '../store/store.js';
import type { AcceptsDocument } from './accepted-documents.js';
import { indexedAssessment, indexAssessments, type IndexedAssessment } from './index-assessments.js';
import { recordAssessment, type AssessmentToRecord } from './record-assessment.js';
import type { ReportPorts } from '../reporting/ports.js';

export interface AssessmentParts {
  readonly config: Config;
  readonly store: Store;
  readonly reportPorts: Pick<ReportPorts, 'pacs' | 'settings' | 'clock' | 'log'>;
  /** Whether a document comes from a system that is believed; without it every document does. */
  readonly accepts?: AcceptsDocument;
  /** Where assessments that were given elsewhere are put on record; those given here are, before they are given. */
  readonly audit?: Pick<AuditLog, 'recordIfPossible'>;
}

export interface Assessments {
  /** Story: assessment → SR → PACS → read back → index → label. May be repeated. */
  record(given: AssessmentToRecord): Promise<{ readonly assessment: IndexedAssessment; readonly stored: boolean }>;
  /** Takes what the PACS holds into the index. @returns the number that were new */
  index(study: StudyInstanceUID): Promise<number>;
  /** Whether this account may sign documents, and for whom. */
  readerOf(account: string): Reader;
}

/** After the documents of a result (seriesNumber and the next), so that viewers list assessments behind them. */
export const assessmentSeriesOffset = 10;

/** Somebody who judges, with the right to verify where the configuration gives it. */
export function readerIn({ assessments: { verifiers, organization } }: Config, name: string): Reader {
  return verifiers.includes(name) || verifiers.includes('*') ? { name, verifiesFor: organization ?? '' } : { name };
}

export function assessmentsOf({
  config,
  store,
  reportPorts: { pacs, settings, clock, log },
  accepts = async () => true,
  audit,
}: AssessmentParts): Assessments {
  const refused = new Set<string>();
  const tools = {
    pacs,
    clock,
    softwareVersion: settings.softwareVersion,
    seriesNumber: settings.seriesNumber + assessmentSeriesOffset,
    termsOf: settings.termsOf,
    codes: settings.codes,
  };
  return {
    readerOf: (name) => readerIn(config, name),

    async record(given) {
      const { reference, assessment, stored } = await recordAssessment(given, tools);
      const indexed = indexedAssessment(reference, assessment, settings.findingNameOf)!;
      await store.assessments.record(indexed);
      log.info(stored ? 'assessment stored' : 'assessment was there', {
        study: given.studyInstanceUID,
        document: reference.sopInstanceUID,
        findings: indexed.findings.length,
        verified: assessment.verified,
      });
      return { assessment: indexed, stored };
    },

    async index(study) {
      const known = new Set((await store.assessments.ofStudy(study)).map((one) => one.sopInstanceUID));
      const keep = async (assessment: IndexedAssessment): Promise<boolean> => {
        // The service found it; who is named as its reader may not know of it.
        const entry = {
          actor: 'service',
          subject: {
            studyInstanceUID: assessment.studyInstanceUID,
            sopInstanceUID: assessment.sopInstanceUID,
            reader: assessment.reader.slice(0, 100),
            verified: assessment.verified,
            origin: assessment.origin.slice(0, 20),
          },
        };
        if (!known.has(assessment.sopInstanceUID) && !(await accepts(assessment.sopInstanceUID))) {
          if (!refused.has(assessment.sopInstanceUID)) {
            log.warn('an assessment in the PACS comes from a system that assessments.acceptFrom does not name; it does not count', {
              study: assessment.studyInstanceUID,
              document: assessment.sopInstanceUID,
            });
            await audit?.recordIfPossible({ ...entry, action: 'assessment.found', outcome: 'refused' });
          }
          if (refused.size < 100_000) refused.add(assessment.sopInstanceUID);
          return false;
        }
        const fresh = await store.assessments.record(assessment);
        if (fresh) await audit?.recordIfPossible({ ...entry, action: 'assessment.found' });
        return fresh;
      };
      const prune = async (of: StudyInstanceUID, uids: readonly string[]): Promise<number> => {
        const gone = await store.assessments.prune(of, uids);
        if (gone > 0) log.info('assessments are gone from the PACS: they are no labels any more', { study: of, assessments: gone });
        return gone;
      };
      const fresh = await indexAssessments(study, { pacs, findingNameOf: settings.findingNameOf, keep, prune });
      if (fresh > 0) log.info('assessments found in the PACS', { study, assessments: fresh });
      return fresh;
    },
  };
}
