import { setClock, type Clock } from './shifted-clock.js';
import { verifyAudit } from '../../src/audit/verify.js';
import { loadConfig } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { startService } from '../../src/service/start-service.js';
import type { Store } from '../../src/store/store.js';

/*
 * The service as `chest-ai serve` starts it, in a process that the simulator can kill, whose clock it can set, and whose index it can
 * read: only this process can open an embedded database.
 */

/** From the simulator. */
export type Order = { readonly order: 'clock'; readonly clock: Clock } | { readonly order: 'index'; readonly id: number };

/** To the simulator. */
export type Notice =
  | { readonly notice: 'running' }
  | { readonly notice: 'index'; readonly id: number; readonly index: IndexContent }
  | { readonly notice: 'index-failed'; readonly id: number; readonly reason: string };

/** What the index states, by SQL: not by the functions that the service itself uses. */
export interface IndexContent {
  readonly studies: readonly { readonly study: string; readonly orthancId: string; readonly state: string }[];
  readonly results: readonly {
    readonly study: string;
    readonly outcome: string;
    readonly code: string | null;
    readonly isCurrent: boolean;
    readonly documents: readonly { readonly sopInstanceUID: string }[];
    readonly findings: readonly { readonly name: string; readonly probability: number }[];
  }[];
  readonly labels: readonly { readonly study: string; readonly finding: string; readonly decision: string; readonly reader: string }[];
  readonly assessments: readonly { readonly study: string; readonly sopInstanceUID: string }[];
  readonly jobs: readonly { readonly queue: string; readonly state: string; readonly key: string | null; readonly reason: string | null }[];
  readonly cursors: readonly number[];
  /** Number of the newest change of a study; 0 if there was none. */
  readonly newestStudyChange: number;
  /** Why the audit log is not intact. */
  readonly auditFlaw: string | undefined;
}

setClock(JSON.parse(process.env['SOAK_CLOCK'] ?? '{"offsetMs":0,"timeZone":"UTC"}') as Clock);
const config = loadConfig();
const service = await startService(config, createLog(config.log));
process.on('message', (order: Order) => {
  if (order.order === 'clock') setClock(order.clock);
  else
    readIndex(service.store)
      .then((index) => tell({ notice: 'index', id: order.id, index }))
      .catch((error: unknown) => tell({ notice: 'index-failed', id: order.id, reason: String(error) }));
});
process.once('SIGTERM', () => {
  setTimeout(() => process.exit(1), 10_000).unref();
  void service.stop().then(() => process.exit(0));
});
// The simulator has ended: nobody else would end this process.
process.once('disconnect', () => process.exit(1));
tell({ notice: 'running' });

function tell(notice: Notice): void {
  process.send?.(notice);
}

async function readIndex(store: Store): Promise<IndexContent> {
  const rows = async <Row>(text: string): Promise<readonly Row[]> => (await store.sql.query<Row>({ text })).rows;
  const verified = await verifyAudit(store.audit);
  return {
    studies: await rows('SELECT study_instance_uid AS study, orthanc_id AS "orthancId", state FROM chest_ai.study'),
    results: await rows(
      'SELECT study_instance_uid AS study, outcome, code, is_current AS "isCurrent", documents, findings FROM chest_ai.result',
    ),
    labels: await rows('SELECT study_instance_uid AS study, finding, decision, reader FROM chest_ai.label'),
    assessments: await rows('SELECT study_instance_uid AS study, sop_instance_uid AS "sopInstanceUID" FROM chest_ai.assessment'),
    jobs: await rows(
      `SELECT name AS queue, state::text AS state, singleton_key AS key, output::text AS reason FROM chest_ai_jobs.job
        WHERE state::text IN ('created', 'retry', 'active', 'failed')`,
    ),
    cursors: (await rows<{ seq: number }>('SELECT last_seq::int AS seq FROM chest_ai.orthanc_cursor')).map((one) => one.seq),
    newestStudyChange: (await service.store.studyChanges.newest())?.number ?? 0,
    auditFlaw: verified.intact ? undefined : `entry ${verified.at}: ${verified.why}`,
  };
}
