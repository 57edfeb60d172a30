import type { Jobs } from '../jobs/jobs.js';
import { outageLog } from '../reporting/outage-log.js';
import type { StoryPorts } from '../reporting/ports.js';
import type { SearchForStudies } from '../reporting/every-study.js';
import type { ServingLines } from '../serving/serving-lines.js';
import type { Store } from '../store/store.js';
import { advanceBackfills } from './archive-story.js';
import { stepMs } from './backfill-pace.js';
import { reportWork } from './report-work.js';
import { shadowWork } from './shadow-work.js';

/** Starts the periodic step of backfills; several processes may, then the first one takes each study. */
export function startBackfills(
  story: StoryPorts,
  store: Store,
  serving: Pick<ServingLines, 'lines'>,
  searchForStudies: SearchForStudies,
  jobs: Jobs,
  timeZone: string,
): void {
  const { clock, log } = story;
  const [reports, shadow] = [reportWork(story, jobs), shadowWork({ studies: story.studies, store, serving, jobs })];
  const ports = {
    backfills: store.backfills,
    searchForStudies,
    workOf: (backfill: { readonly shadow: boolean }) => (backfill.shadow ? shadow : reports),
    clock,
    timeZone,
    log,
  };
  const outages = outageLog(log);
  jobs.every(stepMs, 'backfill', (signal) => outages('backfill', () => advanceBackfills(ports, signal)));
}
