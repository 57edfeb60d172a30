import type PgBoss from 'pg-boss';
import { isSerializationFailure, isUniqueViolation } from '../store/database-fault.js';
import type { Connection, Executor } from '../store/sql.js';
import { bossSchema } from './boss.js';
import type { JobFailure } from './failure.js';
import type { SendOptions, Sent } from './queue.js';
import type { FailureCounts } from './retry-policy.js';

const table = `${bossSchema}.job`;

/** What is recorded about a job beside pg-boss's columns, in its column `output`. */
export interface JobRecord {
  /** Names one attempt of one worker: a worker from which the job was taken cannot finish it any more. */
  readonly run?: string;
  readonly worker?: string;
  readonly failures?: FailureCounts;
  /** How often a process ended while this job was active. */
  readonly deaths?: number;
  /** How often a process ended while this job was the only active one of its queue in that process. */
  readonly deathsAlone?: number;
  /** Runs as the only active job of its queue in its process. */
  readonly alone?: boolean;
  readonly last?: JobFailure;
  /** No attempt is left; onExhausted has to be called. */
  readonly exhausted?: JobFailure;
  /** How often onExhausted itself has failed. */
  readonly callbacks?: number;
}

export interface StoredJob {
  readonly id: string;
  readonly queue: string;
  readonly key: string;
  readonly payload: unknown;
  readonly priority: number;
  readonly sentAt: Date;
  readonly record: JobRecord;
}

/** How a job goes back to its queue. */
export interface PutBack {
  readonly delayMs: number;
  /** What the record becomes; `run`, `worker` and `alone` are dropped. */
  readonly record: JobRecord;
  /** Whether a waiting job that is merged may bring the start forward: yes for a postponement, no for a delay after a fault. */
  readonly earlierWins: boolean;
}

/** A worker that fetches between the two statements of a send makes another round necessary; after this many the cause is something else. */
const sendRounds = 100;

const columns = (
  alias: string,
) => `${alias}.id, ${alias}.name AS queue, COALESCE(${alias}.singleton_key, '') AS key, ${alias}.data AS payload,
  ${alias}.priority, ${alias}.created_on AS "sentAt", COALESCE(${alias}.output, '{}'::jsonb) AS record`;

/** Every statement on pg-boss's job table that is not pg-boss's own. `created` is the state of a waiting job. */
export class JobTable {
  constructor(
    private readonly connection: Connection,
    private readonly boss: PgBoss,
  ) {}

  /** Durable when it resolves. */
  async send(queue: string, payload: object, { key, startAfterMs = 0, priority = 0 }: SendOptions): Promise<Sent> {
    for (let round = 0; round < sendRounds; round++) {
      const id = await this.boss.send(queue, payload, {
        singletonKey: key,
        priority,
        ...(startAfterMs > 0 && { startAfter: startAfterMs / 1000 }),
      });
      if (id !== null) return 'queued';
      const merged = await this.connection.query({
        // The delay after a fault stays, or frequent changes in the PACS would undo it. An exhausted job gets all its attempts again: something changed.
        text: `UPDATE ${table} SET data = $3::jsonb, priority = greatest(priority, $4),
            start_after = CASE WHEN retry_count > 0 AND NOT output ? 'exhausted' THEN start_after ELSE least(start_after, now() + $5 * interval '1 ms') END,
            retry_count = CASE WHEN output ? 'exhausted' THEN 0 ELSE retry_count END,
            output = CASE WHEN output ? 'exhausted' THEN '{}'::jsonb ELSE output END
          WHERE name = $1 AND singleton_key = $2 AND state = 'created' RETURNING id`,
        values: [queue, key, JSON.stringify(payload), priority, startAfterMs],
      });
      // No row: the waiting job was fetched between the two statements, so that another one can wait now.
      if (merged.rows.length > 0) return 'merged';
    }
    throw new Error(`the job was neither queued nor merged: queue ${queue} is no longer in the database`);
  }

  /** Takes up to `limit` jobs that are due, highest priority first, then oldest, none whose key is active. */
  async fetch(queue: string, limit: number, run: string, worker: string, leaseMs: number): Promise<readonly StoredJob[]> {
    try {
      const { rows } = await this.connection.query<StoredJob>({
        // The few active keys are read once, as an array, so that the planner reads the waiting jobs in the order of the index
        // job_in_line and stops at the limit. The condition with <= is implied by =; pg-boss's partial index needs it.
        text: `WITH next AS MATERIALIZED (
            SELECT w.id FROM ${table} w
            WHERE w.name = $1 AND w.state = 'created' AND w.start_after <= now() AND COALESCE(w.singleton_key, '') <> ALL (ARRAY(
              SELECT COALESCE(a.singleton_key, '') FROM ${table} a WHERE a.name = $1 AND a.state = 'active' AND a.state <= 'active' AND a.policy = 'stately'))
            ORDER BY w.priority DESC, w.created_on, w.id LIMIT $2 FOR UPDATE OF w SKIP LOCKED)
          UPDATE ${table} j SET state = 'active', started_on = now(), expire_in = $5 * interval '1 ms',
            output = COALESCE(j.output, '{}'::jsonb) || jsonb_build_object('run', $3::text, 'worker', $4::text)
          FROM next WHERE j.name = $1 AND j.id = next.id RETURNING ${columns('j')}`,
        values: [queue, limit, run, worker, leaseMs],
      });
      return [...rows].sort((a, b) => b.priority - a.priority || a.sentAt.getTime() - b.sentAt.getTime());
    } catch (thrown) {
      // Another process fetched a job of the same key at the same moment; the unique index refused this one.
      if (isUniqueViolation(thrown) || isSerializationFailure(thrown)) return [];
      throw thrown;
    }
  }

  /** The job is done; a failed one of the same key is removed with it. False if another worker has taken it over. */
  async done(job: StoredJob): Promise<boolean> {
    const { rows } = await this.connection.query({
      text: `WITH done AS (DELETE FROM ${table} WHERE ${isOwned} RETURNING id),
          resolved AS (DELETE FROM ${table} WHERE name = $1 AND singleton_key = $4 AND state = 'failed' AND EXISTS (SELECT 1 FROM done))
        SELECT id FROM done`,
      values: [...ownership(job), job.key],
    });
    return rows.length > 0;
  }

  /** Back to the queue, merged with a job that was sent for the same key meanwhile. False if another worker has taken it over. */
  async putBack(job: StoredJob, { delayMs, record, earlierWins }: PutBack): Promise<boolean> {
    const { run: _run, worker: _worker, alone: _alone, ...lasting } = record;
    return this.#transaction(async (transaction) => {
      if (!(await lockOwned(transaction, job))) return false;
      const { rows } = await transaction.query<{ payload: unknown; priority: number; startsInMs: number }>({
        text: `DELETE FROM ${table} WHERE name = $1 AND singleton_key = $2 AND state = 'created'
          RETURNING data AS payload, priority, (extract(epoch FROM start_after - now()) * 1000)::float8 AS "startsInMs"`,
        values: [job.queue, job.key],
      });
      const newer = rows[0];
      // The newest send counts: an exhausted job for which a new one was sent gets all its attempts again.
      const afresh = newer !== undefined && lasting.exhausted !== undefined;
      const startsInMs = newer && (earlierWins || afresh) ? Math.min(delayMs, Math.max(0, newer.startsInMs)) : delayMs;
      await transaction.query({
        text: `UPDATE ${table} SET state = 'created', data = $3::jsonb, priority = $4, start_after = now() + $5 * interval '1 ms', retry_count = $6, output = $7::jsonb
          WHERE name = $1 AND id = $2`,
        values: [
          job.queue,
          job.id,
          JSON.stringify(newer ? newer.payload : job.payload),
          Math.max(job.priority, newer?.priority ?? job.priority),
          startsInMs,
          afresh ? 0 : failureCount(lasting),
          JSON.stringify(afresh ? {} : lasting),
        ],
      });
      return true;
    });
  }

  /** Records that no other job of the queue is active here: if the process ends now, this job is the cause. */
  async markAlone(job: StoredJob): Promise<boolean> {
    const { rows } = await this.connection.query({
      text: `UPDATE ${table} SET output = output || '{"alone": true}'::jsonb WHERE ${isOwned} RETURNING id`,
      values: ownership(job),
    });
    return rows.length > 0;
  }

  /** Records that no attempt is left, so that onExhausted is called even if this process dies before it. */
  async markExhausted(job: StoredJob, record: JobRecord): Promise<boolean> {
    const { rows } = await this.connection.query({
      text: `UPDATE ${table} SET output = $4::jsonb WHERE ${isOwned} RETURNING id`,
      values: [...ownership(job), JSON.stringify({ ...record, run: job.record.run, worker: job.record.worker })],
    });
    return rows.length > 0;
  }

  /** Marks the job as failed, in place of an earlier failed one of the same key. */
  async markFailed(job: StoredJob): Promise<boolean> {
    return this.#transaction(async (transaction) => {
      if (!(await lockOwned(transaction, job))) return false;
      await transaction.query({
        text: `DELETE FROM ${table} WHERE name = $1 AND singleton_key = $2 AND state = 'failed'`,
        values: [job.queue, job.key],
      });
      await transaction.query({
        text: `UPDATE ${table} SET state = 'failed', completed_on = now() WHERE name = $1 AND id = $2`,
        values: [job.queue, job.id],
      });
      return true;
    });
  }

  async #transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.connection.transaction(work);
      } catch (thrown) {
        // A job of the same key was sent between two statements: the next attempt merges it.
        if (attempt < 10 && (isUniqueViolation(thrown) || isSerializationFailure(thrown))) continue;
        throw thrown;
      }
    }
  }
}

const isOwned = `name = $1 AND id = $2 AND state = 'active' AND output->>'run' = $3`;

function ownership(job: StoredJob): readonly unknown[] {
  return [job.queue, job.id, job.record.run ?? ''];
}

async function lockOwned(transaction: Executor, job: StoredJob): Promise<boolean> {
  const { rows } = await transaction.query({ text: `SELECT id FROM ${table} WHERE ${isOwned} FOR UPDATE`, values: ownership(job) });
  return rows.length > 0;
}

function failureCount(record: JobRecord): number {
  return Object.values(record.failures ?? {}).reduce((sum, n) => sum + n, 0);
}

export { columns as jobColumns, table as jobTableName };
