import { createHash, createHmac } from 'node:crypto';
import type { AuditLog } from '../../audit/audit-log.js';
import { readsReports, type Config } from '../../config.js';
import type { FindingsConfig } from '../../findings-config.js';
import type { Log } from '../../log.js';
import type { MeasuredReports } from '../../monitoring/health-report.js';
import type { ReportTextPorts } from '../../radiology-reports/ports.js';
import { findingsReader } from '../../report-text/read-findings.js';
import { loadReportRules } from '../../report-text/rules.js';
import type { Store } from '../../store/store.js';

/**
 * The ports of the story of radiologists' reports.
 *
 * @returns undefined if no source is configured
 * @throws Fault `config-invalid` for rules that cannot be used
 */
export async function reportTextPortsOf(
  { radiologyReports: settings }: Pick<Config, 'radiologyReports'>,
  findings: FindingsConfig,
  {
    store,
    pacs,
    audit,
    log,
  }: {
    readonly store: Pick<Store, 'radiologyReports' | 'audit'>;
    readonly pacs: ReportTextPorts['pacs'];
    readonly audit: AuditLog;
    readonly log: Log;
  },
): Promise<ReportTextPorts | undefined> {
  if (!readsReports(settings)) return undefined;
  const rules = loadReportRules(settings.rulesFile, Object.keys(findings.findings));
  // Not the key of the audit log itself: a hash of the one must not be one of the other.
  const key = createHmac('sha256', await store.audit.key())
    .update('radiology reports')
    .digest();
  return {
    settings,
    readFindings: findingsReader(rules),
    knownFindings: new Set(Object.keys(rules.findings)),
    rulesKey: createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 32),
    reports: store.radiologyReports,
    keyOf: (text) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32),
    pacs,
    audit,
    clock: { now: () => new Date() },
    log,
  };
}

/** Figures for Prometheus. */
export async function measuredReports({
  radiologyReports,
  discordances,
}: Pick<Store, 'radiologyReports' | 'discordances'>): Promise<MeasuredReports> {
  const states = { waiting: 0, matched: 0, unmatched: 0, withdrawn: 0 };
  for (const { state, n } of await radiologyReports.counts()) states[state] += n;
  return { states, discordances: await discordances.countOpen() };
}
