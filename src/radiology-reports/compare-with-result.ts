import type { RadiologyReportRow, ReportConsequences } from '../store/radiology-reports.js';
import type { RecordedReportFinding } from '../store/report-schema.js';
import type { ResultRow } from '../store/results.js';

/**
 * What follows from the reports of a study: a label for each finding that they mention, and the findings in which they differ from the
 * result. Of several reports the latest that mentions a finding decides.
 *
 * A finding that no report mentions is no label. It counts as a difference only if a report mentions any finding at all: otherwise the
 * report is about something else, or could not be read.
 */
export function consequencesOf(
  reports: readonly RadiologyReportRow[],
  result: Pick<ResultRow, 'resultId' | 'outcome' | 'findings'> | undefined,
  { labels, knownFindings }: { readonly labels: boolean; readonly knownFindings: ReadonlySet<string> },
): ReportConsequences {
  const newestFirst = [...reports].sort(
    (one, other) => timeOf(other).getTime() - timeOf(one).getTime() || (one.reportKey < other.reportKey ? -1 : 1),
  );
  const stated = new Map<string, { readonly outcome: RecordedReportFinding['outcome']; readonly report: RadiologyReportRow }>();
  for (const report of newestFirst)
    for (const { name, outcome } of report.findings) if (!stated.has(name)) stated.set(name, { outcome, report });
  return {
    labels: labels
      ? [...stated].map(([finding, { outcome, report }]) => ({
          finding,
          decision: outcome === 'uncertain' ? ('undetermined' as const) : outcome,
          reportKey: report.reportKey,
          givenAt: timeOf(report),
        }))
      : [],
    discordances: result?.outcome === 'reported' && stated.size > 0 ? discordancesOf(result, stated, newestFirst[0]!, knownFindings) : [],
  };
}

function discordancesOf(
  { resultId, findings }: Pick<ResultRow, 'resultId' | 'findings'>,
  stated: ReadonlyMap<string, { readonly outcome: RecordedReportFinding['outcome']; readonly report: RadiologyReportRow }>,
  newest: RadiologyReportRow,
  knownFindings: ReadonlySet<string>,
): ReportConsequences['discordances'] {
  return findings
    .filter(({ name }) => knownFindings.has(name))
    .flatMap(({ name, probability, decision }): ReportConsequences['discordances'] => {
      const { outcome, report = newest } = stated.get(name) ?? {};
      const found = { finding: name, probability, resultId, reportKey: report.reportKey };
      if (decision === 'present' && outcome === undefined) return [{ ...found, kind: 'report-silent', gap: probability }];
      if (decision === 'present' && outcome === 'absent') return [{ ...found, kind: 'report-absent', gap: probability }];
      if (decision === 'absent' && outcome === 'present') return [{ ...found, kind: 'ai-absent', gap: 1 - probability }];
      return [];
    });
}

function timeOf({ statedAt, receivedAt }: Pick<RadiologyReportRow, 'statedAt' | 'receivedAt'>): Date {
  return statedAt ?? receivedAt;
}
