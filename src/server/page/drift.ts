import type { Jobs } from '../../jobs/jobs.js';
import { lastDriftReport, requestDriftCheck } from '../../monitoring/start-drift-checks.js';
import { defaultLine } from '../../lib/model-line.js';
import type { Store } from '../../store/store.js';
import { lineNamed } from './page-lines.js';
import type { DriftPort } from '../ports.js';

/** The drift checks and alarms of the index, as the interface shows them. */
export function driftPortOf({
  store,
  jobs,
  lines,
}: {
  readonly store: Pick<Store, 'drift' | 'ofLine'>;
  readonly jobs: Pick<Jobs, 'send'>;
  readonly lines: () => readonly { readonly line: string }[];
}): DriftPort {
  return {
    async shown(line = defaultLine) {
      lineNamed(new Map(lines().map((one) => [one.line, one])), line);
      const ofLine = store.ofLine(line);
      const [report, alarms] = await Promise.all([lastDriftReport(ofLine), ofLine.drift.alarms()]);
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
