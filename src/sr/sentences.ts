import { percentOf } from './percent.js';
import type { Decision, ReportContent, ReportedFinding } from './report-content.js';

/** What every document says of itself. */
export const notice = 'Software result, not verified by a physician, not for diagnosis.';

const words = { present: 'Present', undetermined: 'Undetermined', absent: 'Absent' } as const satisfies Record<Decision, string>;
const order: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** What matters first: present, undetermined, absent; the more probable before the less. */
export function byImportance(findings: readonly ReportedFinding[]): readonly ReportedFinding[] {
  return [...findings].sort((a, b) => order.indexOf(a.decision) - order.indexOf(b.decision) || b.probability - a.probability || (a.name < b.name ? -1 : 1));
}

/** One sentence for each finding that is not absent, or one that says that there is none; or why nothing was judged. */
export function conclusionsOf(content: ReportContent): readonly string[] {
  if (content.outcome.kind !== 'reported') return [`${outcomeWords[content.outcome.kind]} (${content.outcome.code}): ${content.outcome.reason}`];
  const noted = byImportance(content.findings).filter((finding) => finding.decision !== 'absent');
  const names = content.findings.map((finding) => finding.concept.meaning).join(', ');
  const none = content.findings.length === 0 ? 'The software looked for no finding.' : `None of the findings looked for is present: ${names}.`;
  return [...(noted.some((finding) => finding.decision === 'present') ? [] : [none]), ...noted.map(findingSentence)];
}

/** Opening of a conclusion when nothing was judged; readers find outcome, code and reason by it. */
export const outcomeWords = { skipped: 'Not analysed', failed: 'Analysis failed' } as const;

/** "Present, 93 %: appearance compatible with pneumonia." and where to see it. */
function findingSentence(finding: ReportedFinding): string {
  const where = finding.region ? ` Where the network looked is drawn in "${regionsDescription}".` : '';
  return `${words[finding.decision]}, ${certaintyOf(finding)} %: ${finding.wording}.${where}`;
}

/** The rule behind a decision, so that a reader can follow it. */
export function thresholdSentence(finding: ReportedFinding): string {
  return `${finding.concept.meaning}: absent below ${percentOf(finding.absentBelow)} %, present from ${percentOf(finding.presentFrom)} %, undetermined between`;
}

export function certaintyOf(finding: ReportedFinding): string {
  return percentOf(finding.probability, finding.absentBelow, finding.presentFrom);
}

const regionsDescription = 'AI regions (unverified)';

/** Series Description. OHIF's series list shows some twenty characters of it, so what matters stands in front. */
export function seriesDescriptionOf(content: ReportContent, kind: 'text' | 'regions'): string {
  if (kind === 'regions') return regionsDescription;
  if (content.outcome.kind === 'skipped') return 'AI report: not analysed';
  if (content.outcome.kind === 'failed') return 'AI report: failed';
  const count = (decision: Decision): number => content.findings.filter((finding) => finding.decision === decision).length;
  const undetermined = count('undetermined') > 0 ? `, ${count('undetermined')} undetermined` : '';
  return `AI report: ${count('present') || 'none'} present${undetermined} (unverified)`;
}
