import type { ModelDeeds } from '../server/ports/model-actions.js';
import type { PageTools } from '../server/ports/page.js';
import type { ServerTools, ShownResult } from '../server/ports/server.js';
import type { ResultRow } from '../store/results.js';
import { driftServerTools } from '../monitoring/start-drift-checks.js';
import { healthOf, measure, type HealthParts } from '../monitoring/health.js';
import { askForNight } from '../retraining/start-retraining.js';
import { verdictServerTools, type Verdicts } from '../assessments/assessments.js';

export interface ServerParts extends HealthParts {
  readonly verdicts: Verdicts;
  readonly page: PageTools;
  readonly modelDeeds: ModelDeeds;
}

/** What the server shows, out of the running parts. */
export function serverToolsOf(parts: ServerParts): ServerTools {
  const { pacs, store, jobs, verdicts, page, modelDeeds } = parts;
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
    verdicts: verdictServerTools(verdicts, store),
    retrain: (by) => askForNight(jobs, by),
    health: () => healthOf(parts),
    measure: () => measure(parts),
    page,
    drift: driftServerTools(parts),
    modelDeeds,
    passOn: (path, accept, seenAs, signal) => pacs.passOn.get(path, accept, seenAs, signal),
    async results({ limit, outcome }) {
      const { results } = await store.results.listResults({ limit, currentOnly: true, ...(outcome ? { outcome } : {}) });
      return Promise.all(results.map(shown));
    },
    async parked() {
      return (await jobs.parked()).map(({ id, queue, failure, parkedAt }) => ({ id, queue, code: failure.code, detail: failure.detail, parkedAt }));
    },
    retryParked: (id) => jobs.retryParked(id),
    async resultsOf(studyInstanceUID) {
      const rows = await store.results.ofStudy(studyInstanceUID);
      return Promise.all([...rows].sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent)).map(shown));
    },
  };
}
