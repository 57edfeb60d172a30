import type { Log } from '../log.js';
import type { Connection } from '../store/sql.js';
import { diedTooOften } from './failure.js';
import { jobColumns, jobTableName as table, type JobTable, type StoredJob } from './job-table.js';
import { growingDelay } from './retry-policy.js';

/** Deaths of processes after which a job is retried at once: another active job may have been the cause. After them it is run alone. */
const maxUnsuspectedDeaths = 3;
/** A job whose process died this often while it was the only active one of its queue has failed: it would end every other job with it. */
const maxDeathsAlone = 2;

/** Whether the job was active so often when its process ended that it may be the cause. */
export function isSuspect({ record }: StoredJob): boolean {
  return (record.deaths ?? 0) >= maxUnsuspectedDeaths && !record.exhausted;
}

export interface LeaseOptions {
  readonly leaseMs: number;
  /** Called with each queue to which jobs went back. */
  readonly onTakenOver: (queue: string) => void;
}

/**
 * How the jobs of a dead process come back.
 *
 * An active job is leased: the lease ends at pg-boss's `started_on + expire_in` and is renewed three times during its term.
 * On a shared database every process takes over jobs whose lease has expired. The embedded database has one process: at its start
 * no job can be active, so all that are marked so are taken over at once, and no lease is needed.
 */
export class Lease {
  readonly #leased = new Map<string, { readonly job: StoredJob; readonly lost: () => void }>();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly jobs: JobTable,
    private readonly log: Log,
    private readonly options: LeaseOptions,
  ) {}

  async start(): Promise<void> {
    // A command beside the service queues jobs; the service, which has the database, works on them.
    if (this.connection.isForwarded) return;
    if (this.connection.kind === 'embedded') {
      await this.#takeOver('true');
      return;
    }
    await this.#takeOver('started_on + expire_in < now()');
    this.#timer = setInterval(() => void this.#renewAndTakeOver(), this.options.leaseMs / 3);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
  }

  add(job: StoredJob, lost: () => void): void {
    this.#leased.set(job.record.run! + job.id, { job, lost });
  }

  release(job: StoredJob): void {
    this.#leased.delete(job.record.run! + job.id);
  }

  async #renewAndTakeOver(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = this.#renew()
      // Own leases first: after the machine was suspended, they must not be found expired.
      .then(() => this.#takeOver('started_on + expire_in < now()'))
      .catch((thrown: unknown) => this.log.warn('the leases of active jobs were not renewed', { reason: String(thrown) }))
      .finally(() => (this.#renewing = undefined));
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    const leased = [...this.#leased.entries()];
    if (leased.length === 0) return;
    const { rows } = await this.connection.query<{ owner: string }>({
      text: `UPDATE ${table} SET expire_in = now() - started_on + $2 * interval '1 ms'
        WHERE state = 'active' AND id = ANY($1::uuid[]) AND (output->>'run') || id::text = ANY($3::text[])
        RETURNING (output->>'run') || id::text AS owner`,
      values: [leased.map(([, { job }]) => job.id), this.options.leaseMs, leased.map(([owner]) => owner)],
    });
    const ours = new Set(rows.map(({ owner }) => owner));
    for (const [owner, { lost }] of leased) if (!ours.has(owner) && this.#leased.has(owner)) lost();
  }

  async #takeOver(condition: string): Promise<void> {
    const { rows } = await this.connection.query<StoredJob>({
      text: `SELECT ${jobColumns('j')} FROM ${table} j WHERE state = 'active' AND ${condition}`,
    });
    for (const job of rows) {
      const deaths = (job.record.deaths ?? 0) + 1;
      const deathsAlone = (job.record.deathsAlone ?? 0) + (job.record.alone ? 1 : 0);
      const record = { ...job.record, deaths, deathsAlone, ...(deathsAlone >= maxDeathsAlone && { exhausted: diedTooOften(deaths) }) };
      const delayMs =
        deaths <= maxUnsuspectedDeaths ? 0 : growingDelay(deaths - maxUnsuspectedDeaths, { firstDelayMs: 1_000, maxDelayMs: 60_000 });
      if (!(await this.jobs.putBack(job, { delayMs, record, earlierWins: false }))) continue;
      this.log.warn('a job whose process ended is retried', { queue: job.queue, key: job.key, deaths });
      this.options.onTakenOver(job.queue);
    }
  }
}
