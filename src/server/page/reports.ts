import { Fault } from '../../errors.js';
import type { ReportTextPorts } from '../../radiology-reports/ports.js';
import { receiveDiagnosticReport } from '../../radiology-reports/receive-fhir.js';
import type { DiscordanceRow } from '../../store/discordances.js';
import type { Store } from '../../store/store.js';
import type { ShownDiscordance } from '../page-types.js';
import type { ReportsPort } from '../message-ports.js';

/** The reports of radiologists, as the interface shows them. */
export function reportsPortOf(
  ports: ReportTextPorts,
  { radiologyReports, discordances }: Pick<Store, 'radiologyReports' | 'discordances'>,
  { findings }: { readonly findings: Readonly<Record<string, { readonly concept: { readonly meaning: string } }>> },
): ReportsPort {
  const meaningOf = (finding: string): string => (Object.hasOwn(findings, finding) ? findings[finding]!.concept.meaning : finding);
  const shown = ({
    studyInstanceUID,
    finding,
    kind,
    probability,
    gap,
    foundAt,
    reviewedBy,
    reviewedAt,
  }: DiscordanceRow): ShownDiscordance => ({
    studyInstanceUID,
    finding,
    meaning: meaningOf(finding),
    kind,
    probability,
    gap,
    foundAt: foundAt.toISOString(),
    ...(reviewedBy !== null && reviewedAt ? { reviewed: { by: reviewedBy, at: reviewedAt.toISOString() } } : {}),
  });
  return {
    async receive(resource, by) {
      if (!ports.settings.fhir) throw new Fault('request-refused', 'expected the setting radiologyReports.fhir: true, found false');
      return receiveDiagnosticReport(resource, by, ports);
    },
    async counts() {
      const counts = { waiting: 0, matched: 0, unmatched: 0, withdrawn: 0 };
      const reasons: Record<string, number> = {};
      for (const { state, reason, n } of await radiologyReports.counts()) {
        counts[state] += n;
        if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + n;
      }
      return { ...counts, reasons };
    },
    async discordances({ state, ...query }) {
      const [{ rows, next }, open] = await Promise.all([
        discordances.page({ ...query, ...(state === 'all' ? {} : { isReviewed: state === 'reviewed' }) }),
        discordances.countOpen(),
      ]);
      return {
        rows: rows.map(shown),
        ...(next === undefined ? {} : { next }),
        open,
        findings: [...ports.knownFindings].map((name) => ({ name, meaning: meaningOf(name) })),
      };
    },
    async review(studyInstanceUID, finding, reader) {
      const row = await discordances.review(studyInstanceUID, finding, reader, ports.clock.now());
      if (!row) throw new Fault('not-found', 'expected a finding in which result and report differ, found none', { studyInstanceUID });
      return shown(row);
    },
  };
}
