import type { AuditLog } from '../../audit/audit-log.js';
import type { Config } from '../../config.js';
import type { Jobs } from '../../jobs/jobs.js';
import type { Log } from '../../log.js';
import { certificateReader, certificateSources } from '../../monitoring/certificates.js';
import { recordFigures } from '../../monitoring/record-figures.js';
import { softwareVersion } from '../../software-version.js';
import type { Store } from '../../store/store.js';
import { liveRulesOf, type LiveRouting } from '../../server/rules/live-rules.js';
import type { ServerPortParts } from './server-ports.js';

/** A change of the rules in their file, by hand or by another process, applies within this time. */
const rulesFileMs = 5_000;

export interface OperationsParts {
  readonly config: Config;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly routing: LiveRouting;
  /** Names of config/findings.json. */
  readonly findings: readonly string[];
  readonly audit: AuditLog;
  readonly log: Log;
}

/** Records the figures of each hour, follows the rules file, and gives the server what operators see of both. */
export function startOperations(parts: OperationsParts): Pick<ServerPortParts, 'rules' | 'certificates' | 'softwareVersion'> {
  const { config, store, jobs, routing, findings, audit, log } = parts;
  recordFigures(store, jobs);
  const rules = liveRulesOf({ routing, dataDir: config.dataDir, findings, audit, log });
  void jobs.every(rulesFileMs, 'rules file', rules.followFile).runNow();
  return { rules: rules.port, softwareVersion, certificates: certificateReader(certificateSources(config)) };
}
