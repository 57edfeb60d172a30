import type { AuditLog } from '../audit/audit-log.js';
import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { ServedVerdict, VerdictServerTools } from '../server/ports/assessments.js';
import type { Reader } from '../sr/assessment-content.js';
import type { Store } from '../store/store.js';
import type { AcceptsDocument } from './accepted-documents.js';
import { indexedVerdict, indexVerdicts, type IndexedVerdict } from './index-assessments.js';
import { recordVerdict, type VerdictToRecord } from './record-assessment.js';
import { jointLabels } from './adjudicated-labels.js';
import type { ReportTools } from '../reporting/ports.js';

export interface VerdictParts {
  readonly config: Config;
  readonly store: Store;
  readonly reportTools: Pick<ReportTools, 'pacs' | 'settings' | 'clock' | 'log'>;
  /** Whether a document comes from a system that is believed; without it every document does. */
  readonly accepts?: AcceptsDocument;
  /** Where verdicts that were given elsewhere are put on record; those given here are, before they are given. */
  readonly audit?: Pick<AuditLog, 'recordIfPossible'>;
}

export interface Verdicts {
  /** Story: verdict → SR → PACS → read back → index → label. May be repeated. */
  record(given: VerdictToRecord): Promise<{ readonly verdict: IndexedVerdict; readonly stored: boolean }>;
  /** Takes what the PACS holds into the index. @returns the number that were new */
  index(study: StudyInstanceUID): Promise<number>;
  /** Whether this account may sign documents, and for whom. */
  readerOf(account: string): Reader;
}

/** After the documents of a result (seriesNumber and the next), so that viewers list verdicts behind them. */
export const verdictSeriesOffset = 10;

/** Somebody who judges, with the right to verify where the configuration gives it. */
export function readerIn({ verdicts: { verifiers, organization } }: Config, name: string): Reader {
  return verifiers.includes(name) || verifiers.includes('*') ? { name, verifiesFor: organization ?? '' } : { name };
}

export function verdictsOf({ config, store, reportTools: { pacs, settings, clock, log }, accepts = async () => true, audit }: VerdictParts): Verdicts {
  const refused = new Set<string>();
  const tools = { pacs, clock, softwareVersion: settings.softwareVersion, seriesNumber: settings.seriesNumber + verdictSeriesOffset, termsOf: settings.termsOf, codes: settings.codes };
  return {
    readerOf: (name) => readerIn(config, name),

    async record(given) {
      const { reference, verdict, stored } = await recordVerdict(given, tools);
      const indexed = indexedVerdict(reference, verdict, settings.findingNameOf)!;
      await store.verdicts.record(indexed);
      log.info(stored ? 'verdict stored' : 'verdict was there', { study: given.studyInstanceUID, document: reference.sopInstanceUID, findings: indexed.findings.length, verified: verdict.verified });
      return { verdict: indexed, stored };
    },

    async index(study) {
      const known = new Set((await store.verdicts.ofStudy(study)).map((one) => one.sopInstanceUID));
      const keep = async (verdict: IndexedVerdict): Promise<boolean> => {
        // The service found it; who is named as its reader may not know of it.
        const entry = { actor: 'service', subject: { studyInstanceUID: verdict.studyInstanceUID, sopInstanceUID: verdict.sopInstanceUID, reader: verdict.reader.slice(0, 100), verified: verdict.verified, whence: verdict.whence.slice(0, 20) } };
        if (!known.has(verdict.sopInstanceUID) && !(await accepts(verdict.sopInstanceUID))) {
          if (!refused.has(verdict.sopInstanceUID)) {
            log.warn('a verdict in the PACS comes from a system that verdicts.acceptFrom does not name; it does not count', { study: verdict.studyInstanceUID, document: verdict.sopInstanceUID });
            await audit?.recordIfPossible({ ...entry, action: 'verdict.found', outcome: 'refused' });
          }
          if (refused.size < 100_000) refused.add(verdict.sopInstanceUID);
          return false;
        }
        const fresh = await store.verdicts.record(verdict);
        if (fresh) await audit?.recordIfPossible({ ...entry, action: 'verdict.found' });
        return fresh;
      };
      const keepOnly = async (of: StudyInstanceUID, uids: readonly string[]): Promise<number> => {
        const gone = await store.verdicts.keepOnly(of, uids);
        if (gone > 0) log.info('verdicts are gone from the PACS: they are no labels any more', { study: of, verdicts: gone });
        return gone;
      };
      const fresh = await indexVerdicts(study, { pacs, findingNameOf: settings.findingNameOf, keep, keepOnly });
      if (fresh > 0) log.info('verdicts found in the PACS', { study, verdicts: fresh });
      return fresh;
    },
  };
}

/** What the server offers of them. */
export function verdictServerTools(verdicts: Verdicts, store: Store): VerdictServerTools {
  return {
    async record({ reader, ...given }) {
      const { verdict, stored } = await verdicts.record({ ...given, studyInstanceUID: given.studyInstanceUID as StudyInstanceUID, reader: verdicts.readerOf(reader) });
      return { verdict: served(verdict), stored };
    },
    mayVerify: (account) => verdicts.readerOf(account).verifiesFor !== undefined,
    async ofStudy(studyInstanceUID) {
      const [rows, statements] = await Promise.all([store.verdicts.ofStudy(studyInstanceUID), store.labels.ofStudy(studyInstanceUID)]);
      return { verdicts: rows.map(served), labels: jointLabels(statements) };
    },
  };
}

function served({ sopInstanceUID, kind, reader, verified, settles, whence, givenAt, findings, predecessors }: IndexedVerdict): ServedVerdict {
  return { sopInstanceUID, kind, reader, verified, settles, whence, givenAt, findings, predecessors };
}
