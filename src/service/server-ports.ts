import type { ModelActions } from '../server/ports/model-actions.js';
import type { PagePort } from '../server/ports/page.js';
import type { ServerPorts, ShownResult } from '../server/ports/server.js';
import type { ResultRow } from '../store/results.js';
import type { Store } from '../store/store.js';
import { driftPort } from '../server/page/drift-page.js';
import { healthOf, measure } from '../monitoring/health.js';
import type { HealthPorts } from '../monitoring/ports.js';
import type { PacsAccess } from './open-pacs.js';
import { requestRetraining } from '../retraining/start-retraining.js';
import type { Assessments } from '../assessments/assessments.js';
import { assessmentsPort } from '../server/page/assessments-page.js';

export interface ServerParts extends HealthPorts {
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly assessments: Assessments;
  readonly page: PagePort;
  readonly modelActions: ModelActions;
}

/** What the server shows, out of the running parts. */
export function serverPortsOf(parts: ServerParts): ServerPorts {
  const { pacs, store, jobs, assessments, page, modelActions } = parts;
  const shown = async (row: ResultRow): Promise<ShownResult> => ({
    studyInstanceUID: row.studyInstanceUID,
    createdAt: row.createdAt,
    outcome: row.outcome,
    reason: row.reason ?? undefined,
    findings: row.findings,
    modelVersion: row.modelVersion ?? '',
    engine: row.engine ?? '',
    isCurrent: row.isCurrent,
    documents: row.documents,
    deliveries: (await store.deliveries.ofResult(row.resultId)).map(({ destination, state }) => ({ destination, state })),
  });
  return {
    assessments: assessmentsPort(assessments, store),
    retrain: (by) => requestRetraining(jobs, by),
    health: () => healthOf(parts),
    measure: () => measure(parts),
    page,
    drift: driftPort(parts),
    modelActions,
    proxyDicomWeb: (path, accept, seenAs, signal) => pacs.proxyDicomWeb.get(path, accept, seenAs, signal),
    async results({ limit, outcome }) {
      const { results } = await store.results.listResults({ limit, currentOnly: true, ...(outcome ? { outcome } : {}) });
      return Promise.all(results.map(shown));
    },
    async parked() {
      return (await jobs.failedJobs()).map(({ id, queue, failure, failedAt }) => ({
        id,
        queue,
        code: failure.code,
        detail: failure.detail,
        failedAt,
      }));
    },
    retryFailedJob: (id) => jobs.retryFailedJob(id),
    async resultsOf(studyInstanceUID) {
      const rows = await store.results.ofStudy(studyInstanceUID);
      return Promise.all([...rows].sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent)).map(shown));
    },
  };
}
