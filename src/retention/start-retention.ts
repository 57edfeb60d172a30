import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import { removeSuperseded, type RemovalPorts } from './remove-superseded.js';

/** Removes superseded documents at each time of the schedule, if the settings limit how long they are kept. */
export function startRetention(ports: RemovalPorts, { retention }: Pick<Config, 'retention'>, jobs: Pick<Jobs, 'every'>): void {
  const { supersededReportsDays: reportsDays, supersededHeatMapsDays: heatMapsDays, schedule } = retention;
  if (reportsDays === undefined && heatMapsDays === undefined) return;
  jobs.every(
    schedule,
    'superseded documents',
    async (signal) => void (await removeSuperseded({ now: new Date(), reportsDays, heatMapsDays }, ports, signal)),
  );
}
