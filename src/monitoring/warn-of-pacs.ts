import { isOutage } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import { checkPacs, type CheckedPacs } from './pacs-checks.js';

const retryMs = 60_000;

/** Once after the start, as soon as the PACS answers, logs each setting of the PACS that prevents reporting or slows it down, with its correction. */
export function warnOfPacs(pacs: CheckedPacs, jobs: Jobs, log: Log): void {
  let done = false;
  const check = jobs.every(retryMs, 'settings of the PACS', async () => {
    if (done) return;
    try {
      for (const { state, detail, fix } of await checkPacs(pacs)) if (state !== 'good') log.warn(detail, { fix });
      done = true;
    } catch (error) {
      // Outages are logged by the parts that need the PACS.
      if (!isOutage(error)) log.warn('the settings of the PACS cannot be checked', { reason: String(error) });
    }
  });
  void check.runNow();
}
