import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { Store } from '../store/store.js';
import { followStudyChanges } from './follow-study-changes.js';

const followIntervalMs = 2_000;
/** A process that did not run for longer removes all its pictures. */
const keptDays = 90;

/** Every process removes the pictures in its own DATA_DIR; see follow-study-changes.ts. */
export function startFollowingStudyChanges(
  config: Pick<Config, 'dataDir'>,
  changes: Store['studyChanges'],
  jobs: Pick<Jobs, 'every'>,
  log: Log,
): void {
  void jobs
    .every(followIntervalMs, 'training pictures of changed studies', async () => void (await followStudyChanges(config, changes, log)))
    .runNow();
  jobs.every(86_400_000, 'old changes of studies', async () => void (await changes.prune(new Date(Date.now() - keptDays * 86_400_000))));
}
