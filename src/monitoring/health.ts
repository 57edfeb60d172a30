import { statfs } from 'node:fs/promises';
import { Fault } from '../errors.js';
import type { EngineCondition } from '../engine/fallback-engine.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { MeasuredState } from '../server/metrics.js';
import type { Health } from '../server/ports/server.js';
import type { Store } from '../store/store.js';
import type { ServedModel } from '../serving/model.js';
import { measuredDrift } from './start-drift-checks.js';
import { checkDicomWeb, type PacsAccess } from '../service/open-pacs.js';
import { driftQueue, retrainQueue } from '../reporting/queues.js';

export interface HealthParts {
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly model: () => ServedModel;
  readonly engineCondition: () => EngineCondition;
  /** Milliseconds that a study's job may be in progress. */
  readonly studyTimeoutMs: number;
  readonly dataDir: string;
  readonly clock: ClockSkew;
  readonly log: Log;
}

/** How far Orthanc's clock and ours differed when it was last asked: once a minute, so that who asks for our health does not ask the PACS for more. */
export interface ClockSkew {
  milliseconds: number | undefined;
}

/** The embedded database needs a log segment, an upload its file: below this nothing can be taken any more. */
const minFreeBytes = 50e6;
/** From here on it is said. */
const littleFreeBytes = 1e9;
const maxClockSkewMs = 5_000;
/** A job that is interrupted at its limit needs a moment to end. */
const settlingMs = 60_000;
/** Their jobs take hours by intention. */
const longQueues: readonly string[] = [retrainQueue.name, driftQueue.name];

const engineStates: Readonly<Record<EngineCondition, string>> = { computes: 'running', stalled: 'stalled', lost: 'failed' };

/** Whether every part can do its work. */
export async function healthOf(parts: HealthParts): Promise<Health> {
  const {
    pacs,
    store,
    jobs,
    model,
    dataDir,
    clock: { milliseconds: clockSkewMs },
  } = parts;
  const [orthanc, database, freeBytes, alarms] = await Promise.all([
    answers(async () => {
      await pacs.orthanc.system();
      await checkDicomWeb(pacs.dicomWeb);
    }),
    answers(() => store.studies.countByState()),
    freeBytesOf(dataDir),
    store.drift.alarms().catch(() => undefined),
  ]);
  const unacknowledged = alarms?.filter(({ acknowledgedAt }) => acknowledgedAt === null).length;
  const stats = database === 'answers' ? await jobs.stats() : [];
  const condition = parts.engineCondition();
  const overdue = stats.find(
    ({ queue, maxActiveMs = 0 }) =>
      !longQueues.includes(queue) && maxActiveMs > parts.studyTimeoutMs + Math.min(settlingMs, parts.studyTimeoutMs),
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
    model: `${model().name} ${model().version}`,
    engine: model().engine.name,
    engineState: engineStates[condition],
    work: overdue ? `a job of ${overdue.queue} has been in progress for ${Math.round(overdue.maxActiveMs! / 60_000)} min` : 'in time',
    drift:
      unacknowledged === undefined
        ? 'not known'
        : unacknowledged === 0
          ? 'none'
          : `${unacknowledged} ${unacknowledged === 1 ? 'alarm' : 'alarms'} to acknowledge`,
    queue: { waiting: sum('waiting') + sum('retrying'), active: sum('active'), parked: sum('failed') },
  };
}

/** The same as figures; of a part that does not answer none. */
export async function measure(parts: HealthParts): Promise<MeasuredState> {
  const { pacs, store, jobs, dataDir } = parts;
  const [health, results, queues, freeBytes, drift] = await Promise.all([
    healthOf(parts),
    store.results.countByOutcome().catch(() => ({})),
    jobs.stats().catch(() => []),
    freeBytesOf(dataDir),
    measuredDrift(store).catch(() => undefined),
  ]);
  return {
    ok: health.ok,
    model: parts.model().version,
    drift,
    results,
    queues,
    freeBytes,
    clockSkewMs: parts.clock.milliseconds,
    pacsRequests: pacs.slots.inUse,
  };
}

/** Says once that room runs out or that the clocks differ, and once that it is well again. */
export function monitorHealth(parts: HealthParts): void {
  const said = new Map<string, string>();
  const look = parts.jobs.every(60_000, 'surroundings', async () => {
    parts.clock.milliseconds = await clockSkewOf(parts.pacs);
    const { disk, clock } = await healthOf(parts);
    for (const [name, now, good] of [
      ['disk', disk, 'room'],
      ['clock', clock, 'right'],
    ] as const) {
      if (now === (said.get(name) ?? good) || now === 'not known') continue;
      said.set(name, now);
      if (now === good) parts.log.info('well again', { name });
      else parts.log.warn('needs attention', { name, now });
    }
  });
  void look.runNow();
}

async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

async function clockSkewOf({ orthanc }: PacsAccess): Promise<number | undefined> {
  try {
    return Math.abs((await orthanc.clock()).getTime() - Date.now());
  } catch {
    return undefined;
  }
}

async function answers(question: () => Promise<unknown>): Promise<string> {
  try {
    await question();
    return 'answers';
  } catch (error) {
    return error instanceof Fault ? error.code : 'failed';
  }
}
