import type { ModelDeeds } from '../server/model-tools.js';
import type { PageTools } from '../server/page-tools.js';
import type { ServerTools, ShownResult } from '../server/server-tools.js';
import type { ResultRow } from '../store/results.js';
import { driftServerTools } from './drift-watch.js';
import { healthOf, measure, type HealthParts } from './health.js';
import { askForNight } from './night-worker.js';
import { verdictServerTools, type Verdicts } from './verdicts.js';

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
