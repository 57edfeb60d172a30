import { Fault, isOutage } from '../errors.js';
import type { BackfillOutcome, BackfillRow } from '../store/backfills.js';
import type { ArchivePorts, ArchiveWork } from './ports.js';

/** A study of which jobs were sent this often without an outcome has failed. */
const maxAttempts = 5;

/** Each queued study gets its outcome; one whose jobs were lost when a process ended is queued again. */
export async function recordOutcomes(
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

/** Of a silent trial, the report needs what was predicted: without it the study counts as vanished. */
export async function finalOutcome(
  studyInstanceUID: string,
  outcome: BackfillOutcome,
  { recordForReport }: ArchiveWork,
): Promise<BackfillOutcome> {
  if (!recordForReport || (outcome !== 'done' && outcome !== 'unchanged')) return outcome;
  return (await recordForReport(studyInstanceUID)) ? outcome : 'vanished';
}
