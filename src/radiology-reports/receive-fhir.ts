import { readDiagnosticReport } from '../fhir/diagnostic-report.js';
import type { ReportReceipt, ReportSender, ReportTextPorts } from './ports.js';
import { receiveReport } from './radiology-report-story.js';

/**
 * Receives a DiagnosticReport (FHIR R4).
 *
 * @returns `ignored`: it is not final, or has no plain text
 * @throws Fault `request-invalid`
 */
export async function receiveDiagnosticReport(
  resource: unknown,
  sender: ReportSender,
  ports: ReportTextPorts,
): Promise<ReportReceipt | { readonly outcome: 'ignored'; readonly reason: 'not-final' | 'no-text' }> {
  const { state, issued, text, ...content } = readDiagnosticReport(resource);
  if (state === 'not-final') return { outcome: 'ignored', reason: 'not-final' };
  if (state === 'final' && text.trim() === '') return { outcome: 'ignored', reason: 'no-text' };
  return receiveReport({ ...content, source: 'fhir', isWithdrawn: state === 'withdrawn', text, statedAt: issued }, sender, ports);
}
