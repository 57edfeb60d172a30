import { isOutage } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import { checkPacs } from './pacs-checks.js';
import type { PacsAccess } from '../service/open-pacs.js';

const askAgainMs = 60_000;

/** Once after the start, as soon as the PACS answers: one line for each of its settings that is in the way, with its correction. */
export function warnOfPacs(pacs: Pick<PacsAccess, 'orthanc' | 'dicomWeb'>, jobs: Jobs, log: Log): void {
  let done = false;
  const check = jobs.every(askAgainMs, 'settings of the PACS', async () => {
    if (done) return;
    try {
      for (const { state, detail, fix } of await checkPacs(pacs)) if (state !== 'good') log.warn(detail, { fix });
      done = true;
    } catch (error) {
      // What is in the way of everything else is told by who meets it.
      if (!isOutage(error)) log.warn('the settings of the PACS cannot be checked', { reason: String(error) });
    }
  });
  void check.runNow();
}
