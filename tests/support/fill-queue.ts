import { backlogPriority } from '../../src/reporting/queues.js';
import type { Jobs } from '../../src/jobs/jobs.js';
import type { Queue } from '../../src/jobs/queue.js';
import type { Store } from '../../src/store/store.js';

/** Jobs as the watcher sends them for the studies of an archive, in one statement. */
export async function fillQueue(store: Store, jobs: Jobs, queue: Queue<{ readonly study: string }>, count: number): Promise<void> {
  // An hour from now, so that it is still there to be copied.
  await jobs.send(queue, { study: 'archive 0' }, { key: 'archive 0', priority: backlogPriority, startAfterMs: 3_600_000 });
  await store.sql.query({
    text: `INSERT INTO chest_ai_jobs.job (name, data, singleton_key, priority, policy, expire_in, keep_until, retry_limit)
      SELECT name, jsonb_build_object('study', 'archive ' || n), 'archive ' || n, priority, policy, expire_in, keep_until, retry_limit
      FROM chest_ai_jobs.job, generate_series(1, ${count - 1}) n WHERE singleton_key = 'archive 0'`,
  });
}
