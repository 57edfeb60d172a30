import type { AuditLog } from '../../audit/audit-log.js';
import type { Config, LocalTimeZone } from '../../config.js';
import type { FindingsConfig } from '../../findings-config.js';
import type { Jobs } from '../../jobs/jobs.js';
import type { Log } from '../../log.js';
import type { Channel, MessagePorts } from '../../messages/ports.js';
import { messageSender } from '../../messages/start-messages.js';
import type { ReportPorts } from '../../reporting/ports.js';
import type { Store } from '../../store/store.js';

export interface MessageParts {
  readonly config: Pick<Config, 'messages' | 'server'>;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly zone: Pick<LocalTimeZone, 'name'>;
  readonly reportPorts: Pick<ReportPorts, 'pacs' | 'model' | 'settings' | 'findPrior'>;
  readonly findings: FindingsConfig;
  readonly store: Pick<Store, 'results' | 'messages'>;
  readonly audit: AuditLog;
  readonly jobs: Pick<Jobs, 'send'>;
  readonly log: Log;
}

/** The ports of the message story on the running parts. */
export function messagePortsOf({ config, channels, zone, reportPorts, findings, store, audit, jobs, log }: MessageParts): MessagePorts {
  return {
    pacs: reportPorts.pacs,
    results: store.results,
    messages: store.messages,
    settings: config.messages,
    timeZone: zone.name,
    send: messageSender(jobs),
    channels,
    audit,
    log,
    termsOf: (name) => (Object.hasOwn(findings.findings, name) ? findings.findings[name] : undefined),
    procedureReported: reportPorts.settings.procedureReported,
    findPrior: reportPorts.findPrior,
    model: reportPorts.model,
    publicUrl: config.server.publicUrl,
  };
}
