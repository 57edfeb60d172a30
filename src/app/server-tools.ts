import type { Jobs } from '../jobs/jobs.js';
import { Fault } from '../errors.js';
import type { ServerTools, ShownResult } from '../server/server-tools.js';
import type { ResultRow } from '../store/results.js';
import type { Store } from '../store/store.js';
import type { ServedModel } from '../tasks/tools.js';
import type { PacsAccess } from './pacs.js';
import { verdictServerTools, type Verdicts } from './verdicts.js';

export interface ServerParts {
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly model: ServedModel;
  readonly verdicts: Verdicts;
}

/** What the server shows, out of the running parts. */
export function serverToolsOf({ pacs, store, jobs, model, verdicts }: ServerParts): ServerTools {
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
    async health() {
      const [orthanc, database] = await Promise.all([answers(() => pacs.orthanc.system()), answers(() => store.studies.countByState())]);
      const stats = database === 'answers' ? await jobs.stats() : [];
      const sum = (key: 'waiting' | 'active' | 'retrying' | 'parked'): number => stats.reduce((total, one) => total + one[key], 0);
      return {
        ok: orthanc === 'answers' && database === 'answers',
        orthanc,
        database,
        model: `${model.name} ${model.version}`,
        engine: model.engine.name,
        queue: { waiting: sum('waiting') + sum('retrying'), active: sum('active'), parked: sum('parked') },
      };
    },
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

async function answers(question: () => Promise<unknown>): Promise<string> {
  try {
    await question();
    return 'answers';
  } catch (error) {
    return error instanceof Fault ? error.code : 'failed';
  }
}
