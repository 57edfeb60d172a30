import type { ShownResult } from '../../server/page-types.js';
import type { AnalysisRequestPort, BackfillPort, ErasurePort, ModelActions, PagePort, RulesPort, ServerPorts } from '../../server/ports.js';
import type { ReportsPort } from '../../server/message-ports.js';
import type { ResultRow } from '../../store/results.js';
import type { Store } from '../../store/store.js';
import { defaultLine } from '../../lib/model-line.js';
import { messagesPortOf } from '../../server/page/messages.js';
import { shownFailedJobs } from '../../server/page/failed-jobs.js';
import { systemPortOf } from '../../server/page/system.js';
import type { SystemPorts } from '../../monitoring/system-state.js';
import { driftPortOf } from '../../server/page/drift.js';
import { lineNamed } from '../../server/page/page-lines.js';
import { healthOf, measure } from '../../monitoring/health.js';
import type { MessagePorts } from '../../messages/ports.js';
import type { HealthPorts } from '../../monitoring/ports.js';
import type { PacsAccess } from '../open-pacs.js';
import { requestRetraining } from '../../retraining/start-retraining.js';
import type { AssessmentActions } from '../../assessments/assessments.js';
import { confirmationsOf } from '../../server/access/confirmations.js';
import { assessmentsPortOf } from '../../server/page/assessments.js';
import type { ResearchPort } from '../../server/research-port.js';
import { readingsPortOf, type ReadingParts } from '../../server/page/readings.js';

export interface ServerPortParts extends HealthPorts {
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly assessments: AssessmentActions;
  readonly readingParts: ReadingParts;
  readonly page: PagePort;
  readonly messagePorts: MessagePorts;
  /** A reader has claimed, read or assessed a study. */
  readonly onReadingChanged: (studyInstanceUID: string) => Promise<void>;
  readonly modelActions: ModelActions;
  readonly backfills: BackfillPort;
  readonly erase: ErasurePort;
  readonly requests: AnalysisRequestPort;
  readonly reports?: ReportsPort | undefined;
  readonly rules: Omit<RulesPort, 'test'>;
  readonly softwareVersion: string;
  readonly certificates: SystemPorts['certificates'];
  readonly research: ResearchPort;
}

/** Failed jobs that one request retries. */
const maxRetried = 1_000;

/** What the server shows, out of the running parts. */
export function serverPortsOf(parts: ServerPortParts): ServerPorts {
  const { pacs, store, jobs, assessments, readingParts, page, modelActions, messagePorts, onReadingChanged } = parts;
  const shown = async (row: ResultRow): Promise<ShownResult> => ({
    studyInstanceUID: row.studyInstanceUID,
    createdAt: row.createdAt.toISOString(),
    outcome: row.outcome,
    ...(row.code === null ? {} : { code: row.code }),
    reason: row.reason ?? undefined,
    findings: row.findings,
    ...(row.otherFindings.length > 0 ? { otherFindings: row.otherFindings } : {}),
    modelVersion: row.modelVersion ?? '',
    engine: row.engine ?? '',
    isCurrent: row.isCurrent,
    documents: row.documents,
    deliveries: (await store.deliveries.ofResult(row.resultId)).map(({ destination, state }) => ({ destination, state })),
  });
  return {
    assessments: assessmentsPortOf(assessments, store, onReadingChanged),
    readings: readingsPortOf(store, readingParts, onReadingChanged),
    async retrain(by, line = defaultLine) {
      lineNamed(new Map(parts.lines().map((one) => [one.line, one])), line);
      await requestRetraining(jobs, by, line);
    },
    health: () => healthOf(parts),
    measure: () => measure(parts),
    page,
    drift: driftPortOf(parts),
    messages: messagesPortOf(messagePorts, store, jobs),
    modelActions,
    backfills: parts.backfills,
    erase: parts.erase,
    requests: parts.requests,
    confirmations: confirmationsOf(store.oneTimeTokens),
    reports: parts.reports,
    research: parts.research,
    proxyDicomWeb: (path, accept, seenAs, signal) => pacs.proxyDicomWeb.get(path, accept, seenAs, signal),
    async results({ limit, outcome }) {
      const { results } = await store.results.listResults({ limit, currentOnly: true, ...(outcome ? { outcome } : {}) });
      return Promise.all(results.map(shown));
    },
    failedJobs: async () => shownFailedJobs(await jobs.failedJobs(), store),
    async retryFailedJobs(queue, code) {
      const failed = await jobs.failedJobs({ queue, limit: maxRetried });
      let retried = 0;
      for (const job of failed) if ((code === undefined || job.failure.code === code) && (await jobs.retryFailedJob(job.id))) retried++;
      return retried;
    },
    rules: { ...parts.rules, test: (rules, limit) => page.testDraft(rules, limit) },
    system: systemPortOf({ ...parts, certificates: parts.certificates }, store),
    retryFailedJob: (id) => jobs.retryFailedJob(id),
    async resultsOf(studyInstanceUID) {
      const rows = await store.results.ofStudy(studyInstanceUID);
      return Promise.all([...rows].sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent)).map(shown));
    },
  };
}
