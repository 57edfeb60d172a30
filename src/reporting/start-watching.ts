import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Store } from '../store/store.js';
import { compareIndex } from './compare-index.js';
import type { SearchForStudies } from './every-study.js';
import { outageLog } from './outage-log.js';
import type { StoryPorts } from './ports.js';
import { followChanges } from './report-story.js';
import { sweepPacs } from './sweep-pacs.js';

/** The start does not wait longer for a PACS that does not answer. */
const firstReadMs = 5_000;

/** Reads of the change log between two comparisons of the newest studies. */
const readsPerComparison = 5;

/**
 * Starts what finds work in the PACS: reading the change log (every pollIntervalMs), comparing the newest studies with the PACS to
 * find deletions (every fifth of these times), and at the start and every sweepIntervalMs searching the last days for studies
 * without a result and comparing the whole index.
 *
 * @returns reads the change log now
 */
export async function startWatching(
  ports: StoryPorts,
  index: Store,
  searchForStudies: SearchForStudies,
  jobs: Pick<Jobs, 'every'>,
  { pollIntervalMs, sweepIntervalMs, sweepDays }: Config['orthanc'],
): Promise<() => void> {
  const { studies, queue, events, schedule, log } = ports;
  const enqueueStudy = async (studyInstanceUID: string): Promise<void> => {
    for (const pacsStudyId of await studies.findStudies(studyInstanceUID))
      await queue.intake({ pacsStudyId }, { startAfterMs: schedule.stabilityCheckMs });
  };
  const comparison = compareIndex(studies, index, queue, events, log);
  // What arrived while the PACS did not answer may lie before a cursor that is set only now: the sweep searches for it.
  const outages = outageLog(log, (name) => name === 'changes' && void sweep.runNow());
  const changes = jobs.every(pollIntervalMs, 'changes', (signal) => outages('changes', () => followChanges(ports, signal)));
  const sweep = jobs.every(sweepIntervalMs, 'sweep', () =>
    outages('sweep', async () => void (await sweepPacs(daysAgo(sweepDays), searchForStudies, index.results, enqueueStudy, log))),
  );
  jobs.every(pollIntervalMs * readsPerComparison, 'compare newest', () => outages('compare newest', () => comparison.newest()));
  const compareAll = jobs.every(sweepIntervalMs, 'compare all', () => outages('compare all', async () => void (await comparison.next())));
  // The first read sets the cursor: what arrives after the service reports that it is running is never before the cursor.
  await Promise.race([changes.runNow(), new Promise((resolve) => setTimeout(resolve, firstReadMs).unref())]);
  void sweep.runNow();
  void compareAll.runNow();
  return () => void changes.runNow();
}

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000);
}
