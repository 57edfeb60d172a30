import type { Config } from '../config.js';
import { driftReportSchema, type DriftReport } from '../evaluation/drift/drift-report.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { ModelVersion } from '../registry/model-version.js';
import type { DriftPort } from '../server/ports/drift.js';
import type { MeasuredDrift } from '../server/metrics.js';
import { placeOfAlarm } from '../store/drift.js';
import type { Store } from '../store/store.js';
import { alarmsIn, checkDrift } from './check-drift.js';
import { driftQueue } from '../reporting/queues.js';

export interface DriftWatchParts {
  readonly config: Pick<Config, 'drift' | 'work'>;
  readonly store: Store;
  readonly jobs: Jobs;
  /** In service now. */
  readonly champion: () => Promise<ModelVersion>;
  readonly clock?: { now(): Date };
  readonly log: Log;
}

/** One look, not kept. */
export function computeDrift({
  config,
  store,
  champion,
  clock = { now: () => new Date() },
}: Pick<DriftWatchParts, 'config' | 'store' | 'champion' | 'clock'>): Promise<DriftReport> {
  const { windowDays, minStudies, alpha, minShift, minFall } = config.drift;
  return champion().then(({ version, networks, reference }) =>
    checkDrift({
      statistics: store.statistics,
      labelsOf: (studies) => store.labels.ofStudies(studies),
      model: { version, kinds: (['xray', 'ct'] as const).filter((kind) => networks[kind]), reference },
      rules: { windowDays, minStudies, alpha, minShift, minFall },
      clock,
    }),
  );
}

/** One look, kept: what it raises and what has ended is said in the log once. */
export async function runDriftCheck(parts: DriftWatchParts): Promise<DriftReport> {
  const { store, log } = parts;
  const report = await computeDrift(parts);
  const judged = new Set(
    report.groups.flatMap(({ site, network, quantities, agreement }) => [
      ...quantities.map(({ quantity }) => placeOfAlarm({ site, network, quantity })),
      ...agreement.flatMap(({ finding, pValue }) =>
        pValue === null ? [] : [placeOfAlarm({ site, network, quantity: `agreement:${finding}` })],
      ),
    ]),
  );
  const { raised, ended } = await store.drift.record(report, alarmsIn(report), judged, new Date(report.madeAt));
  for (const { site, network, quantity, detail } of raised)
    log.warn(
      quantity.startsWith('agreement:') ? 'drift: readers no longer agree with the model as they did' : 'drift: what arrives has changed',
      { site, network, quantity, detail, model: report.modelVersion },
    );
  for (const { site, network, quantity } of ended) log.info('drift is over', { site, network, quantity });
  return report;
}

/** Looks by the clock; one of all processes does it. */
export async function startDriftChecks(parts: DriftWatchParts): Promise<void> {
  const { config, jobs } = parts;
  await jobs.work(driftQueue, async () => void (await runDriftCheck(parts)), {
    concurrency: 1,
    retry: { maxAttempts: config.work.maxAttempts },
  });
  if (config.drift.schedule !== 'never') jobs.every(config.drift.schedule, 'drift', () => requestDriftCheck(jobs));
}

/** Asks for a look; while one waits or runs, for no second. */
export async function requestDriftCheck(jobs: Pick<Jobs, 'send'>): Promise<void> {
  await jobs.send(driftQueue, {}, { key: 'drift' });
}

/** The last look that was kept; undefined before the first, or of an earlier release that kept it otherwise. */
export async function lastDriftReport(store: Pick<Store, 'drift'>): Promise<DriftReport | undefined> {
  return driftReportSchema.safeParse(await store.drift.report()).data;
}

/** What the server offers of it. */
export function driftPort({ store, jobs }: Pick<DriftWatchParts, 'store' | 'jobs'>): DriftPort {
  return {
    async shown() {
      const [report, alarms] = await Promise.all([lastDriftReport(store), store.drift.alarms()]);
      return {
        ...(report ? { report } : {}),
        alarms: alarms.map(({ id, site, network, quantity, detail, raisedAt, acknowledgedBy, acknowledgedAt }) => ({
          id,
          site,
          network,
          quantity,
          detail,
          raisedAt: raisedAt.toISOString(),
          ...(acknowledgedBy !== null && acknowledgedAt !== null
            ? { acknowledged: { by: acknowledgedBy, at: acknowledgedAt.toISOString() } }
            : {}),
        })),
      };
    },
    ask: () => requestDriftCheck(jobs),
    acknowledge: (id, by) => store.drift.acknowledge(id, by, new Date()),
  };
}

/** For Prometheus. */
export async function measuredDrift(store: Pick<Store, 'drift'>): Promise<MeasuredDrift | undefined> {
  const [report, alarms] = await Promise.all([lastDriftReport(store), store.drift.alarms()]);
  if (!report) return undefined;
  return {
    madeAt: new Date(report.madeAt),
    unacknowledged: alarms.filter(({ acknowledgedAt }) => acknowledgedAt === null).length,
    studies: report.groups.map(({ site, network, studies }) => ({ site, network, n: studies })),
    quantities: report.groups.flatMap(({ site, network, quantities }) =>
      quantities.map(({ quantity, stability, expectedStability, alarm }) => ({
        site,
        network,
        quantity,
        stability,
        expectedStability,
        alarm,
      })),
    ),
    agreement: report.groups.flatMap(({ site, network, agreement }) =>
      agreement.flatMap(({ finding, lately }) => (lately.value === null ? [] : [{ site, network, finding, value: lately.value }])),
    ),
  };
}
