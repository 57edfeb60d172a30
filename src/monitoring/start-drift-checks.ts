import type { Config } from '../config.js';
import { driftReportSchema, type DriftReport } from '../evaluation/drift/drift-report.js';
import type { Jobs } from '../jobs/jobs.js';
import { defaultLine } from '../lib/model-line.js';
import type { Store } from '../store/store.js';
import { runDriftCheck } from './drift-story.js';
import type { MeasuredDrift } from './health-report.js';
import type { DriftPorts } from './ports.js';
import { driftQueue } from './queues.js';

/**
 * Starts the worker of drift checks, and requests one at each time of the schedule; one of all processes performs it, for every line.
 *
 * @param lines the ports of each model line, with its own settings, studies and alarms
 */
export async function startDriftChecks(
  lines: readonly DriftPorts[],
  config: Pick<Config, 'drift' | 'work'>,
  jobs: Pick<Jobs, 'send' | 'work' | 'every'>,
): Promise<void> {
  await jobs.work(
    driftQueue,
    async () => {
      for (const ports of lines) await runDriftCheck(ports);
    },
    { concurrency: 1, retry: { maxAttempts: config.work.maxAttempts } },
  );
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

/** The last reports as figures for Prometheus. @param lines the names of all model lines */
export async function measuredDrift(store: Pick<Store, 'drift' | 'ofLine'>, lines: readonly string[]): Promise<MeasuredDrift | undefined> {
  const alarms = await store.drift.alarmsOfAllLines();
  const measured: MeasuredDrift[] = [];
  for (const line of lines) {
    const report = await lastDriftReport(store.ofLine(line));
    if (report) measured.push(figuresOf(report, line === defaultLine ? {} : { line }));
  }
  const [first] = measured;
  if (!first) return undefined;
  return {
    madeAt: first.madeAt,
    unacknowledged: alarms.filter(({ acknowledgedAt }) => acknowledgedAt === null).length,
    studies: measured.flatMap(({ studies }) => studies),
    quantities: measured.flatMap(({ quantities }) => quantities),
    agreement: measured.flatMap(({ agreement }) => agreement),
  };
}

function figuresOf(report: DriftReport, line: { readonly line?: string }): MeasuredDrift {
  return {
    madeAt: new Date(report.madeAt),
    unacknowledged: 0,
    studies: report.groups.map(({ site, network, studies }) => ({ ...line, site, network, n: studies })),
    quantities: report.groups.flatMap(({ site, network, quantities }) =>
      quantities.map(({ quantity, stability, expectedStability, alarm }) => ({
        ...line,
        site,
        network,
        quantity,
        stability,
        expectedStability,
        alarm,
      })),
    ),
    agreement: report.groups.flatMap(({ site, network, agreement }) =>
      agreement.flatMap(({ finding, lately }) => (lately.value === null ? [] : [{ ...line, site, network, finding, value: lately.value }])),
    ),
  };
}
