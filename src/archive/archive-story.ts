import { Fault, isOutage } from '../errors.js';
import type { BackfillOutcome, BackfillRow } from '../store/backfills.js';
import { isWithinHours } from '../jobs/hours-of-day.js';
import { backfillHours } from './backfill-request.js';
import { nextAfter, stepMs } from './backfill-pace.js';
import { findStudies } from './find-studies.js';
import type { ArchivePorts, ArchiveWork, ExaminedStudy } from './ports.js';

/** Studies of a backfill that are queued at the same time: what the queue holds stays small, whatever the archive holds. */
export const maxQueued = 20;
/** Studies that a step examines: each takes a few short requests to the PACS. */
const maxExamined = 50;
/** A study of which jobs were sent this often without an outcome has failed. */
const maxAttempts = 5;
/** Longer pauses between two steps do not count as active time: the process did not run. */
const maxStepMs = 5 * stepMs;

/**
 * The story of a backfill, one step of it: what was queued before gets its outcome; within the hours, days of the archive are searched
 * for studies, and studies are queued as the hourly limit allows. Each step may be interrupted and repeated.
 */
export async function advanceBackfills(ports: ArchivePorts, signal: AbortSignal): Promise<void> {
  for (const backfill of await ports.backfills.unfinished()) {
    signal.throwIfAborted();
    await advance(backfill, ports, signal);
  }
}

async function advance(backfill: BackfillRow, ports: ArchivePorts, signal: AbortSignal): Promise<void> {
  const { backfills, clock, timeZone, log } = ports;
  const work = ports.workOf(backfill);
  await recordOutcomes(backfill, work, ports, signal);
  const hours = backfill.hours === null ? undefined : backfillHours(backfill.hours);
  if (backfill.state !== 'running' || !isWithinHours(clock.now(), hours, timeZone) || !work.isReady()) return;
  await backfills.step(backfill.id, clock.now(), maxStepMs);
  await findStudies(backfill, ports, signal);
  await queueStudies(backfill, work, ports, signal);
  if (await backfills.complete(backfill.id, clock.now())) log.info('every study of a backfill has its outcome', { backfill: backfill.id });
}

/** Each queued study gets its outcome; one whose jobs were lost when a process ended is queued again. */
async function recordOutcomes(
  { id }: BackfillRow,
  work: ArchiveWork,
  { backfills, clock, log }: ArchivePorts,
  signal: AbortSignal,
): Promise<void> {
  const queued = await backfills.queued(id);
  const states = await work.statesOf(queued);
  for (const [index, { studyInstanceUID, attempts }] of queued.entries()) {
    signal.throwIfAborted();
    const now = states[index]!;
    if (now.state === 'pending') continue;
    if (now.state === 'repeat' && attempts < maxAttempts) {
      await backfills.countAttempt(id, studyInstanceUID, now.jobKeys);
      await work.queue(studyInstanceUID, now.jobKeys);
      continue;
    }
    let outcome = now.state === 'repeat' ? 'failed' : now.state;
    try {
      outcome = await finalOutcome(studyInstanceUID, outcome, work);
    } catch (error) {
      if (!(error instanceof Fault) || isOutage(error)) throw error;
      if (error.retryable && attempts < maxAttempts) {
        await backfills.countAttempt(id, studyInstanceUID, queued[index]!.jobKeys);
        continue;
      }
      outcome = 'failed';
    }
    if (outcome === 'failed') log.warn('a study of a backfill failed', { backfill: id, study: studyInstanceUID });
    await backfills.finish(id, studyInstanceUID, outcome, clock.now());
  }
}

/** Queues waiting studies until the hourly limit or the limit of queued studies is reached. */
async function queueStudies(
  { id, rule, perHour }: BackfillRow,
  work: ArchiveWork,
  ports: ArchivePorts,
  signal: AbortSignal,
): Promise<void> {
  const { backfills, clock } = ports;
  let room = maxQueued - (await backfills.queued(id)).length;
  for (const { studyInstanceUID } of await backfills.waiting(id, maxExamined)) {
    signal.throwIfAborted();
    const now = await backfills.find(id);
    if (room <= 0 || now?.state !== 'running' || !nextAfter(now.nextAt, clock.now(), perHour)) return;
    const examined = await examine(studyInstanceUID, { id, rule }, work, ports);
    if (examined.state !== 'needed') {
      await backfills.finish(id, studyInstanceUID, examined.state, clock.now());
      continue;
    }
    // Taken first: if the process ends before the jobs are sent, recordOutcomes finds a study without jobs.
    if (!(await backfills.take(id, studyInstanceUID, examined.jobKeys, (nextAt) => nextAfter(nextAt, clock.now(), perHour)))) continue;
    await work.queue(studyInstanceUID, examined.jobKeys);
    room--;
  }
}

/** Of a silent trial, the report needs what was predicted: without it the study counts as vanished. */
async function finalOutcome(
  studyInstanceUID: string,
  outcome: BackfillOutcome,
  { recordForReport }: ArchiveWork,
): Promise<BackfillOutcome> {
  if (!recordForReport || (outcome !== 'done' && outcome !== 'unchanged')) return outcome;
  return (await recordForReport(studyInstanceUID)) ? outcome : 'vanished';
}

/** A fault of one study does not stop the others: it has failed, or comes again after them if it can succeed later. */
async function examine(
  studyInstanceUID: string,
  { id, rule }: Pick<BackfillRow, 'id' | 'rule'>,
  work: ArchiveWork,
  { backfills, log }: ArchivePorts,
): Promise<ExaminedStudy> {
  try {
    const examined = await work.examine(studyInstanceUID, rule ?? undefined);
    return examined.state === 'unchanged' && (await finalOutcome(studyInstanceUID, 'unchanged', work)) === 'vanished'
      ? { state: 'vanished' }
      : examined;
  } catch (error) {
    if (!(error instanceof Fault) || isOutage(error)) throw error;
    if (error.retryable) {
      await backfills.postpone(id, studyInstanceUID);
      throw error;
    }
    log.warn('a study of a backfill cannot be read', { backfill: id, study: studyInstanceUID, code: error.code });
    return { state: 'failed' };
  }
}
