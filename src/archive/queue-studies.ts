import { Fault, isOutage } from '../errors.js';
import type { BackfillRow } from '../store/backfills.js';
import { nextAfter } from './backfill-pace.js';
import type { ArchivePorts, ArchiveWork, ExaminedStudy } from './ports.js';
import { finalOutcome } from './record-outcomes.js';

/** Studies of a backfill that are queued at the same time: what the queue holds stays small, whatever the archive holds. */
const maxQueued = 20;
/** Studies that a step examines: each takes a few short requests to the PACS. */
const maxExamined = 50;

/** Queues waiting studies until the hourly limit or the limit of queued studies is reached. */
export async function queueStudies(
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
