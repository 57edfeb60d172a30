import type { Config } from '../config.js';
import { driftReportSchema, type DriftReport } from '../evaluation/drift/drift-report.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Store } from '../store/store.js';
import { runDriftCheck } from './drift-story.js';
import type { MeasuredDrift } from './health-report.js';
import type { DriftPorts } from './ports.js';
import { driftQueue } from './queues.js';

/** Starts the worker of drift checks, and requests one at each time of the schedule; one of all processes performs it. */
export async function startDriftChecks(
  ports: DriftPorts & { readonly config: Pick<Config, 'drift' | 'work'>; readonly jobs: Pick<Jobs, 'send' | 'work' | 'every'> },
): Promise<void> {
  const { config, jobs } = ports;
  await jobs.work(driftQueue, async () => void (await runDriftCheck(ports)), {
    concurrency: 1,
    retry: { maxAttempts: config.work.maxAttempts },
  });
  if (config.drift.schedule !== 'never') jobs.every(config.drift.schedule, 'drift', () => requestDriftCheck(jobs));
}

/** Requests a check. While one waits or is in progress, no second one is queued. */
export async function requestDriftCheck(jobs: Pick<Jobs, 'send'>): Promise<void> {
  await jobs.send(driftQueue, {}, { key: 'drift' });
}

/** The last stored report; undefined before the first, or if an earlier release stored it in another form. */
export async function lastDriftReport(store: Pick<Store, 'drift'>): Promise<DriftReport | undefined> {
  return driftReportSchema.safeParse(await store.drift.report()).data;
}

/** The last report as figures for Prometheus. */
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
