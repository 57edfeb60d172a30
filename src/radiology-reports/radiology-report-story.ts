import { Fault } from '../errors.js';
import type { RadiologyReportRow } from '../store/radiology-reports.js';
import { applyReports, matchStored } from './match-stored-report.js';
import type { ReceivedReport, ReportReceipt, ReportSender, ReportTextPorts } from './ports.js';
import { reportKeys } from './report-keys.js';
import { readStudyIdentity } from './study-identity.js';

/** A longer text is no report of one study. */
const maxTextLength = 30_000;
const dayMs = 86_400_000;

/**
 * The story of a radiologist's final report begins when it is received. Every step can be repeated; when this resolves, the report is stored.
 *
 * @throws Fault `request-invalid` if the text is too long
 */
export async function receiveReport(report: ReceivedReport, sender: ReportSender, ports: ReportTextPorts): Promise<ReportReceipt> {
  const { reports, clock, settings } = ports;
  if (report.text.length > maxTextLength)
    throw new Fault('request-invalid', `expected a report of at most ${maxTextLength} characters, found ${report.text.length}`);
  const keys = reportKeys(report, ports);
  const known = await reports.find(keys.reportKey);
  // A report that was given up begins again: its findings were removed, and its study may be there now.
  if (known?.contentKey === keys.contentKey && known.state !== 'unmatched')
    return { ...receiptOf(await matchStored(known, ports)), outcome: 'unchanged' };

  // 1. The findings are read from the text, which is not stored.
  const findings = report.isWithdrawn ? [] : statedFindings(report.text, ports);

  // 2. They replace those of an earlier version.
  const receivedAt = clock.now();
  const waitUntil = new Date(receivedAt.getTime() + settings.waitDays * dayMs);
  const { source, isWithdrawn, statedAt = null } = report;
  const { outcome, formerStudy } = await ports.audit.recordAction(
    { ...sender, action: 'report.receive', subject: { report: keys.reportKey, source, withdrawn: isWithdrawn } },
    () => reports.record({ ...keys, source, isWithdrawn, statedAt, receivedAt, waitUntil, findings }),
  );
  if (formerStudy !== undefined) await applyReports(formerStudy, ports);

  // 3. The report is matched to its study, where 4. labels and differences follow.
  const matched = await matchStored((await reports.find(keys.reportKey))!, ports);
  const receipt = { ...receiptOf(matched), outcome };
  const { studyInstanceUID: study, ...consequence } = receipt;
  ports.log.info('radiology report received', { source, ...consequence, ...(study ? { study } : {}), findings: findings.length });
  return receipt;
}

/** The same begins at the other end: a study has a new result, or other patient attributes. Its reports are matched again. */
export async function updateReportsOf(studyInstanceUID: string, ports: ReportTextPorts): Promise<void> {
  const identity = await readStudyIdentity(studyInstanceUID, ports);
  if (!identity) return;
  await ports.reports.identify(identity);
  for (const report of await ports.reports.ofIdentity(identity)) await matchStored(report, ports);
  await applyReports(studyInstanceUID, ports);
}

function statedFindings(text: string, { readFindings }: Pick<ReportTextPorts, 'readFindings'>) {
  return readFindings(text).flatMap(({ name, outcome }) => (outcome === 'not-mentioned' ? [] : [{ name, outcome }]));
}

function receiptOf({ state, reason, studyInstanceUID }: RadiologyReportRow): Omit<ReportReceipt, 'outcome'> {
  return { state, ...(reason === null ? {} : { reason }), ...(studyInstanceUID === null ? {} : { studyInstanceUID }) };
}
