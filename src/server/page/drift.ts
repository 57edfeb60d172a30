import type { Jobs } from '../../jobs/jobs.js';
import { lastDriftReport, requestDriftCheck } from '../../monitoring/start-drift-checks.js';
import type { Store } from '../../store/store.js';
import type { DriftPort } from '../ports.js';

/** The drift checks and alarms of the index, as the interface shows them. */
export function driftPortOf({ store, jobs }: { readonly store: Pick<Store, 'drift'>; readonly jobs: Pick<Jobs, 'send'> }): DriftPort {
  return {
    async shown() {
      const [report, alarms] = await Promise.all([lastDriftReport(store), store.drift.alarms()]);
      return {
        ...(report ? { report } : {}),
        alarms: alarms.map(({ id, site, network, quantity, detail, raisedAt, acknowledgedBy, acknowledgedAt }) => ({
          id,
          site,
          network,
          quantity,
          detail,
          raisedAt: raisedAt.toISOString(),
          ...(acknowledgedBy !== null && acknowledgedAt !== null
            ? { acknowledged: { by: acknowledgedBy, at: acknowledgedAt.toISOString() } }
            : {}),
        })),
      };
    },
    requestCheck: () => requestDriftCheck(jobs),
    acknowledge: (id, by) => store.drift.acknowledge(id, by, new Date()),
  };
}
