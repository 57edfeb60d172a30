import { isWithinHours } from '../jobs/hours-of-day.js';
import type { BackfillRow } from '../store/backfills.js';
import { backfillHours } from './backfill-request.js';
import { stepMs } from './backfill-pace.js';
import { findStudies } from './find-studies.js';
import type { ArchivePorts } from './ports.js';
import { queueStudies } from './queue-studies.js';
import { recordOutcomes } from './record-outcomes.js';

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
