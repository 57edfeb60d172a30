import { isUniqueViolation } from '../store/database-fault.js';
import type { Connection } from '../store/sql.js';
import { bossSchema } from './boss.js';
import { jobTableName as table, type JobRecord } from './job-table.js';
import type { FailedJob, QueueStats } from './queue.js';

/** What payloads of jobs name. */
export interface JobSubjects {
  readonly studyInstanceUIDs: readonly string[];
  readonly pacsStudyIds: readonly string[];
  readonly resultIds: readonly string[];
}

/** By what the payload names, or a failure of the job that is recorded with it. */
const isAbout = `(data->>'studyInstanceUID' = ANY($1::text[]) OR data->>'pacsStudyId' = ANY($2::text[]) OR data->>'resultId' = ANY($3::text[])
  OR EXISTS (SELECT 1 FROM unnest($1::text[]) AS uid WHERE position('"' || uid || '"' IN output::text) > 0))`;
const valuesOf = ({ studyInstanceUIDs, pacsStudyIds, resultIds }: JobSubjects): readonly unknown[] => [
  studyInstanceUIDs,
  pacsStudyIds,
  resultIds,
];

/** The state of the queues as the web interface shows it, and the retry of a failed job. */
export class JobOverview {
  constructor(private readonly connection: Connection) {}

  async stats(): Promise<readonly QueueStats[]> {
    const { rows } = await this.connection.query<
      Omit<QueueStats, 'oldestAgeMs' | 'maxActiveMs'> & { oldestAgeMs: number | null; maxActiveMs: number | null }
    >({
      text: `SELECT q.name AS queue,
          (count(*) FILTER (WHERE j.state = 'created' AND j.retry_count = 0))::int AS waiting,
          (count(*) FILTER (WHERE j.state = 'active'))::int AS active,
          (count(*) FILTER (WHERE j.state = 'created' AND j.retry_count > 0))::int AS retrying,
          (count(*) FILTER (WHERE j.state = 'failed'))::int AS failed,
          (extract(epoch FROM now() - min(j.created_on) FILTER (WHERE j.state <= 'active')) * 1000)::float8 AS "oldestAgeMs",
          (extract(epoch FROM now() - min(j.started_on) FILTER (WHERE j.state = 'active')) * 1000)::float8 AS "maxActiveMs"
        FROM ${bossSchema}.queue q LEFT JOIN ${table} j ON j.name = q.name GROUP BY q.name ORDER BY q.name`,
    });
    return rows.map((row) => ({ ...row, oldestAgeMs: row.oldestAgeMs ?? undefined, maxActiveMs: row.maxActiveMs ?? undefined }));
  }

  async failedJobs(queue: string | undefined, limit: number): Promise<readonly FailedJob[]> {
    const { rows } = await this.connection.query<Omit<FailedJob, 'failure'> & { record: JobRecord }>({
      text: `SELECT id, name AS queue, singleton_key AS key, data AS payload, created_on AS "sentAt", completed_on AS "failedAt", output AS record
        FROM ${table} WHERE state = 'failed' AND ($1::text IS NULL OR name = $1) ORDER BY completed_on DESC, id LIMIT $2`,
      values: [queue ?? null, limit],
    });
    return rows.map(({ record, ...job }) => ({ ...job, failure: record.exhausted! }));
  }

  /** Of the keys that have a job in one of the queues: `pending` if one is not done yet, else `failed`. */
  async statesOf(queues: readonly string[], keys: readonly string[]): Promise<ReadonlyMap<string, 'pending' | 'failed'>> {
    if (keys.length === 0) return new Map();
    const { rows } = await this.connection.query<{ key: string; pending: boolean }>({
      text: `SELECT singleton_key AS key, bool_or(state <> 'failed') AS pending FROM ${table}
        WHERE name = ANY($1::text[]) AND singleton_key = ANY($2::text[]) AND state IN ('created', 'active', 'failed') GROUP BY singleton_key`,
      values: [queues, keys],
    });
    return new Map(rows.map(({ key, pending }) => [key, pending ? 'pending' : 'failed']));
  }

  /** Jobs about studies, by what their payload names. */
  async countAbout(subjects: JobSubjects): Promise<number> {
    const { rows } = await this.connection.query<{ n: number }>({
      text: `SELECT count(*)::int AS n FROM ${table} WHERE ${isAbout}`,
      values: valuesOf(subjects),
    });
    return rows[0]!.n;
  }

  /** Removes jobs that are not active; one that is active is removed when it ends. @returns their number */
  async removeAbout(subjects: JobSubjects): Promise<number> {
    const { rows } = await this.connection.query({
      text: `DELETE FROM ${table} WHERE state <> 'active' AND ${isAbout} RETURNING id`,
      values: valuesOf(subjects),
    });
    return rows.length;
  }

  /** @returns the queue in which the job waits again; undefined if there is no failed job of this id */
  async retryFailedJob(id: string): Promise<string | undefined> {
    try {
      return await this.#retryFailedJob(id);
    } catch (thrown) {
      // A job of the same key was sent between the two statements: this time it is seen.
      if (isUniqueViolation(thrown)) return this.#retryFailedJob(id);
      throw thrown;
    }
  }

  #retryFailedJob(id: string): Promise<string | undefined> {
    return this.connection.transaction(async (transaction) => {
      const { rows } = await transaction.query<{ queue: string; key: string }>({
        text: `SELECT name AS queue, singleton_key AS key FROM ${table} WHERE id = $1 AND state = 'failed' FOR UPDATE`,
        values: [id],
      });
      const [job] = rows;
      if (!job) return undefined;
      // If a job of the same key waits already, it takes the place of the failed one.
      const { rows: waiting } = await transaction.query({
        text: `SELECT id FROM ${table} WHERE name = $1 AND singleton_key = $2 AND state = 'created' FOR UPDATE`,
        values: [job.queue, job.key],
      });
      await transaction.query({
        text: waiting.length
          ? `DELETE FROM ${table} WHERE name = $1 AND id = $2`
          : `UPDATE ${table} SET state = 'created', completed_on = NULL, start_after = now(), retry_count = 0, output = '{}'::jsonb WHERE name = $1 AND id = $2`,
        values: [job.queue, id],
      });
      return job.queue;
    });
  }
}
