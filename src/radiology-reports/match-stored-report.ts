import type { RadiologyReportRow } from '../store/radiology-reports.js';
import { consequencesOf } from './compare-with-result.js';
import { matchReport } from './match-report.js';
import type { ReportTextPorts } from './ports.js';

const dayMs = 86_400_000;

/** @returns the report as it is after it was matched */
export async function matchStored(report: RadiologyReportRow, ports: ReportTextPorts): Promise<RadiologyReportRow> {
  const { reports, settings, clock } = ports;
  const time = { now: clock.now(), waitMs: settings.waitDays * dayMs };
  for (let current = report; ; ) {
    if (current.state === 'withdrawn' || current.state === 'unmatched') return current;
    const match = matchReport(current, await reports.candidatesFor(current));
    const isNew = match.state !== current.state || match.studyInstanceUID !== current.studyInstanceUID || match.reason !== current.reason;
    if (!isNew || (await reports.setMatch(current, match, time))) {
      for (const study of new Set([current.studyInstanceUID, match.studyInstanceUID])) if (study !== null) await applyReports(study, ports);
      return { ...current, ...match };
    }
    // Another version was received meanwhile, or another process matched it.
    const changed = await reports.find(current.reportKey);
    if (!changed) return current;
    current = changed;
  }
}

/** Labels and differences follow from the reports that are matched to a study. */
export async function applyReports(studyInstanceUID: string, { reports, settings, knownFindings, clock }: ReportTextPorts): Promise<void> {
  const decide: Parameters<typeof reports.applyToStudy>[1] = (stored, result) =>
    consequencesOf(stored, result, { labels: settings.labels, knownFindings });
  await reports.applyToStudy(studyInstanceUID, decide, clock.now());
}
