import { statfs } from 'node:fs/promises';
import { Fault } from '../errors.js';
import type { EngineCondition } from '../engine/fallback-engine.js';
import { checkDicomWeb } from '../dicomweb/check-dicom-web.js';
import type { Health, MeasuredState } from './health-report.js';
import type { HealthPorts, MonitoredPacs } from './ports.js';
import { driftQueue } from './queues.js';
import { measuredDrift } from './start-drift-checks.js';

/** Below this no study can be processed: the embedded database needs a log segment, an upload its file. */
export const minFreeBytes = 50e6;
/** Below this health and the log warn. */
export const littleFreeBytes = 1e9;
export const maxClockSkewMs = 5_000;
/** A job that is interrupted at its limit needs this time to end. */
const interruptionMs = 60_000;
/** Queues whose jobs may take hours: retraining (by its name: that story is above this one) and drift checks. */
const longQueues: readonly string[] = ['retraining', driftQueue.name];

const engineStates: Readonly<Record<EngineCondition, string>> = { computes: 'running', stalled: 'stalled', lost: 'failed' };

/** Whether every part can do its work. */
export async function healthOf(ports: HealthPorts): Promise<Health> {
  const {
    pacs,
    store,
    jobs,
    model,
    dataDir,
    clock: { milliseconds: clockSkewMs },
  } = ports;
  const [orthanc, database, freeBytes, alarms] = await Promise.all([
    answers(async () => {
      await pacs.orthanc.system();
      await checkDicomWeb(pacs.dicomWeb);
    }),
    answers(() => store.studies.countByState()),
    freeBytesOf(dataDir),
    store.drift.alarmsOfAllLines().catch(() => undefined),
  ]);
  const unacknowledged = alarms?.filter(({ acknowledgedAt }) => acknowledgedAt === null).length;
  const stats = database === 'answers' ? await jobs.stats() : [];
  const condition = ports.engineCondition();
  const overdue = stats.find(
    ({ queue, maxActiveMs = 0 }) =>
      !longQueues.some((long) => queue === long || queue.startsWith(`${long}-`)) &&
      maxActiveMs > ports.studyTimeoutMs + Math.min(interruptionMs, ports.studyTimeoutMs),
  );
  const sum = (key: 'waiting' | 'active' | 'retrying' | 'failed'): number => stats.reduce((total, one) => total + one[key], 0);
  return {
    ok:
      orthanc === 'answers' &&
      database === 'answers' &&
      (freeBytes ?? 0) >= minFreeBytes &&
      condition === 'computes' &&
      overdue === undefined,
    orthanc,
    database,
    disk:
      freeBytes === undefined
        ? 'cannot be read'
        : freeBytes < minFreeBytes
          ? 'full'
          : freeBytes < littleFreeBytes
            ? 'little room left'
            : 'room',
    clock:
      clockSkewMs === undefined
        ? 'not known'
        : clockSkewMs > maxClockSkewMs
          ? `differs by ${Math.round(clockSkewMs / 1000)} s from Orthanc's`
          : 'right',
    model: describeModels(ports),
    engine: model().engine.name,
    engineState: engineStates[condition],
    work: overdue ? `a job of ${overdue.queue} has been in progress for ${Math.round(overdue.maxActiveMs! / 60_000)} min` : 'in time',
    drift:
      unacknowledged === undefined
        ? 'not known'
        : unacknowledged === 0
          ? 'none'
          : `${unacknowledged} ${unacknowledged === 1 ? 'alarm' : 'alarms'} to acknowledge`,
    queue: { waiting: sum('waiting') + sum('retrying'), active: sum('active'), failed: sum('failed') },
  };
}

/** The same as figures; a part that does not answer has none. */
export async function measure(ports: HealthPorts): Promise<MeasuredState> {
  const { pacs, store, jobs, dataDir } = ports;
  const [health, results, queues, freeBytes, drift, reports] = await Promise.all([
    healthOf(ports),
    store.results.countByOutcome().catch(() => ({})),
    jobs.stats().catch(() => []),
    freeBytesOf(dataDir),
    measuredDrift(
      store,
      ports.lines().map(({ line }) => line),
    ).catch(() => undefined),
    ports.measureReports?.().catch(() => undefined),
  ]);
  return {
    ok: health.ok,
    model: ports.model().version,
    drift,
    reports,
    results,
    queues,
    freeBytes,
    clockSkewMs: ports.clock.milliseconds,
    pacsRequests: pacs.slots.inUse,
  };
}

/** Logs once when disk space runs out or the clocks differ, and once when it is resolved. */
export function monitorHealth(ports: HealthPorts): void {
  const logged = new Map<string, string>();
  const check = ports.jobs.every(60_000, 'health', async () => {
    ports.clock.milliseconds = await clockSkewOf(ports.pacs);
    const { disk, clock } = await healthOf(ports);
    for (const [name, now, good] of [
      ['disk', disk, 'room'],
      ['clock', clock, 'right'],
    ] as const) {
      if (now === (logged.get(name) ?? good) || now === 'not known') continue;
      logged.set(name, now);
      if (now === good) ports.log.info('resolved', { name });
      else ports.log.warn('needs attention', { name, now });
    }
  });
  void check.runNow();
}

/** The champion of one line, or those of all. */
function describeModels({ model, lines }: Pick<HealthPorts, 'model' | 'lines'>): string {
  const all = lines();
  if (all.length < 2) return `${model().name} ${model().version}`;
  return all.map(({ line, champion }) => `${line}: ${champion ? `${champion.name} ${champion.version}` : 'none'}`).join(', ');
}

/** @returns undefined if it cannot be read */
export async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

async function clockSkewOf({ orthanc }: MonitoredPacs): Promise<number | undefined> {
  try {
    return Math.abs((await orthanc.clock()).getTime() - Date.now());
  } catch {
    return undefined;
  }
}

async function answers(request: () => Promise<unknown>): Promise<string> {
  try {
    await request();
    return 'answers';
  } catch (error) {
    return error instanceof Fault ? error.code : 'failed';
  }
}
