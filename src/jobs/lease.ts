import type { Log } from '../log.js';
import type { Connection } from '../store/sql.js';
import { diedTooOften } from './failure.js';
import { jobColumns, jobTableName as table, type JobTable, type StoredJob } from './job-table.js';
import { growingDelay } from './retry-policy.js';

/** Deaths that cost no time and prove nothing: what was in hand beside it may have been the killer. After them a job is run alone. */
const freeDeaths = 3;
/** A job that killed its process so often with nothing else of its queue in hand is not tried again: it would take every other job down with it. */
const maxDeathsAlone = 2;

/** Whether the job was in hand so often when its process ended that it may be the reason. */
export function isSuspect({ record }: StoredJob): boolean {
  return (record.deaths ?? 0) >= freeDeaths && !record.exhausted;
}

export interface LeaseOptions {
  readonly leaseMs: number;
  /** Called with each queue that got jobs back. */
  readonly onTakenOver: (queue: string) => void;
}

/**
 * How the jobs of a dead process come back.
 *
 * A job in hand is leased: pg-boss's `started_on + expire_in` is the end of the lease, pushed on three times while one
 * lasts. On a shared database any process takes over what has expired. The embedded database has one process,
 * so at its start nothing can be in hand: everything active is taken over at once, and leases are not needed.
 */
export class Lease {
  readonly #held = new Map<string, { readonly job: StoredJob; readonly lost: () => void }>();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly jobs: JobTable,
    private readonly log: Log,
    private readonly options: LeaseOptions,
  ) {}

  async start(): Promise<void> {
    if (this.connection.kind === 'embedded') {
      await this.#takeOver('true');
      return;
    }
    await this.#takeOver('started_on + expire_in < now()');
    this.#timer = setInterval(() => void this.#beat(), this.options.leaseMs / 3);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  hold(job: StoredJob, lost: () => void): void {
    this.#held.set(job.record.run! + job.id, { job, lost });
  }

  release(job: StoredJob): void {
    this.#held.delete(job.record.run! + job.id);
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = this.#renew()
      // Own leases first: after a machine has slept, the sweep must not find them expired.
      .then(() => this.#takeOver('started_on + expire_in < now()'))
      .catch((thrown: unknown) => this.log.warn('leases were not renewed', { reason: String(thrown) }))
      .finally(() => (this.#beating = undefined));
    await this.#beating;
  }

  async #renew(): Promise<void> {
    const held = [...this.#held.entries()];
    if (held.length === 0) return;
    const { rows } = await this.connection.query<{ owner: string }>({
      text: `UPDATE ${table} SET expire_in = now() - started_on + $2 * interval '1 ms'
        WHERE state = 'active' AND id = ANY($1::uuid[]) AND (output->>'run') || id::text = ANY($3::text[])
        RETURNING (output->>'run') || id::text AS owner`,
      values: [held.map(([, { job }]) => job.id), this.options.leaseMs, held.map(([owner]) => owner)],
    });
    const ours = new Set(rows.map(({ owner }) => owner));
    for (const [owner, { lost }] of held) if (!ours.has(owner) && this.#held.has(owner)) lost();
  }

  async #takeOver(which: string): Promise<void> {
    const { rows } = await this.connection.query<StoredJob>({
      text: `SELECT ${jobColumns('j')} FROM ${table} j WHERE state = 'active' AND ${which}`,
    });
    for (const job of rows) {
      const deaths = (job.record.deaths ?? 0) + 1;
      const deathsAlone = (job.record.deathsAlone ?? 0) + (job.record.alone ? 1 : 0);
      const record = { ...job.record, deaths, deathsAlone, ...(deathsAlone >= maxDeathsAlone && { exhausted: diedTooOften(deaths) }) };
      const delayMs = deaths <= freeDeaths ? 0 : growingDelay(deaths - freeDeaths, { firstDelayMs: 1_000, maxDelayMs: 60_000 });
      if (!(await this.jobs.putBack(job, { delayMs, record, earlierWins: false }))) continue;
      this.log.warn('a job whose process ended is taken over', { queue: job.queue, key: job.key, deaths });
      this.options.onTakenOver(job.queue);
    }
  }
}
