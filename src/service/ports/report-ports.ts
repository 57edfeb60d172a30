import { createHash, createHmac } from 'node:crypto';
import type { AuditLog } from '../../audit/audit-log.js';
import { readsReports, type Config } from '../../config.js';
import type { FindingsConfig } from '../../findings-config.js';
import type { Log } from '../../log.js';
import type { MeasuredReports } from '../../monitoring/health-report.js';
import type { ReportTextPorts } from '../../radiology-reports/ports.js';
import { reportPatientOf } from '../../radiology-reports/report-keys.js';
import { findingsReader } from '../../report-text/read-findings.js';
import { loadReportRules } from '../../report-text/rules.js';
import type { RetentionPorts } from '../../retention/ports.js';
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
  return {
    settings,
    readFindings: findingsReader(rules),
    knownFindings: new Set(Object.keys(rules.findings)),
    rulesKey: createHash('sha256')
      .update(JSON.stringify([rules, settings.issuers]))
      .digest('hex')
      .slice(0, 32),
    reports: store.radiologyReports,
    keyOf: await reportKeyOf(store),
    pacs,
    audit,
    clock: { now: () => new Date() },
    log,
  };
}

/** The keyed hash by which the database contains identifiers of reports, of patients and of studies. */
async function reportKeyOf({ audit }: Pick<Store, 'audit'>): Promise<ReportTextPorts['keyOf']> {
  // Not the key of the audit log itself: a hash of the one must not be one of the other.
  const key = createHmac('sha256', await audit.key())
    .update('radiology reports')
    .digest();
  return (text) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}

/** How reports name a patient, also while none are read: earlier ones may be there. */
export function reportPatientsOf(
  settings: Pick<Config['radiologyReports'], 'issuers'>,
  store: Pick<Store, 'audit'>,
): RetentionPorts['reportPatient'] {
  return async (patientId, issuer) => reportPatientOf(patientId, issuer, { keyOf: await reportKeyOf(store), settings });
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
