import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { algorithmOfFinding, hasSeveralAlgorithms } from './algorithms.js';
import { codes } from './codes.js';
import type { Decision, ReportContent, ReportedFinding } from './report-content.js';

/** Sentences and figures of the documents. */

/** CID 240 Present-Absent (PS3.16). */
export const decisionCodes = {
  present: codes.present,
  absent: codes.absent,
  undetermined: codes.undetermined,
} as const satisfies Record<Decision, CodedConcept>;

export function decisionOf(concept: CodedConcept | undefined): Decision | undefined {
  return (['present', 'absent', 'undetermined'] as const).find((decision) => sameConcept(concept, decisionCodes[decision]));
}

/**
 * A probability in %, to one decimal, or as many more as it takes to stay on its side of the thresholds:
 * 0.4996 must not read "50 %" beside "present from 50 %".
 *
 * @param probability 0 to 1
 * @returns a decimal string of at most 16 characters (DS)
 */
export function percentOf(probability: number, ...thresholds: readonly number[]): string {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number((probability * 100).toFixed(digits));
    const sameSide = thresholds.every((threshold) => rounded / 100 < threshold === probability < threshold);
    if (sameSide) return String(rounded);
  }
  return String(Number((probability * 100).toFixed(9)));
}

/** The probability of a finding in %, on the same side of its thresholds as the decision. */
export function probabilityPercent({
  probability,
  absentBelow,
  presentFrom,
}: Pick<ReportedFinding, 'probability' | 'absentBelow' | 'presentFrom'>): string {
  return percentOf(probability, absentBelow, presentFrom);
}

/**
 * The probability in % to one decimal, where the thresholds are not known: rounded down unless the finding is present, so that it stays
 * below the threshold that it has not reached; the page does the same.
 */
export function percentWithoutThresholds({ probability, decision }: Pick<ReportedFinding, 'probability' | 'decision'>): string {
  const tenths = Number((probability * 1_000).toFixed(6));
  return String((decision === 'present' ? Math.round(tenths) : Math.floor(tenths)) / 10);
}

/** A threshold in %, exactly: a rounded one would stand on the other side of some probabilities. */
function thresholdPercent(threshold: number): string {
  return String(Number((threshold * 100).toFixed(10)));
}

/** The notice in every document. */
export const notice = 'Software result, not verified by a physician, not for diagnosis.';

/** In sentences for people. */
export const decisionWords = { present: 'Present', undetermined: 'Undetermined', absent: 'Absent' } as const satisfies Record<
  Decision,
  string
>;
const order: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** What matters first: present, undetermined, absent; the more probable before the less. */
export function byImportance(findings: readonly ReportedFinding[]): readonly ReportedFinding[] {
  return [...findings].sort(
    (a, b) => order.indexOf(a.decision) - order.indexOf(b.decision) || b.probability - a.probability || (a.name < b.name ? -1 : 1),
  );
}

/** One sentence for each finding that is not absent, or one sentence that there is none; or the reason why nothing was analysed. */
export function conclusionsOf(content: ReportContent): readonly string[] {
  if (content.outcome.kind !== 'reported')
    return [`${outcomeWords[content.outcome.kind]} (${content.outcome.code}): ${content.outcome.reason}`];
  const noted = byImportance(content.findings).filter((finding) => finding.decision !== 'absent');
  const names = [...new Set(content.findings.map((finding) => finding.concept.meaning))].join(', ');
  const none =
    content.findings.length === 0 ? 'The software looked for no finding.' : `None of the findings looked for is present: ${names}.`;
  const isPresent = noted.some((finding) => finding.decision === 'present' && finding.overruledBy === undefined);
  return [...(isPresent ? [] : [none]), ...noted.map((finding) => findingSentence(finding, content))];
}

/** Opening of a conclusion when nothing was analysed; readers find outcome, code and reason by it. */
export const outcomeWords = { skipped: 'Not analysed', failed: 'Analysis failed' } as const;

/**
 * "Present, 93 %: appearance compatible with pneumonia." and where to see it, or that the model gives no place; of several models also
 * which one, and whether it decides.
 */
function findingSentence(finding: ReportedFinding, content: ReportContent): string {
  const where = finding.region
    ? ` Where the network looked is drawn in "${regionsDescription}".`
    : finding.decision === 'present'
      ? ' No region is drawn: the model gives none for this finding.'
      : '';
  const overruled = finding.overruledBy === undefined ? '' : `; on this finding the model ${finding.overruledBy} decides`;
  const origin = hasSeveralAlgorithms(content) ? ` Model: ${algorithmOfFinding(finding, content).name}${overruled}.` : '';
  const calibration = finding.isNotCalibratedHere ? ' (not calibrated here)' : '';
  return `${decisionWords[finding.decision]}, ${probabilityPercent(finding)} %${calibration}: ${finding.wording}.${where}${origin}`;
}

/** Comment of a planar group whose finding has no region of its own; readers know the whole image by it. */
export const wholeImageComment = 'AI: refers to the whole image';

/** The rule behind a decision, so that a reader can follow it. */
export function thresholdSentence(finding: ReportedFinding): string {
  return `${finding.concept.meaning}: absent below ${thresholdPercent(finding.absentBelow)} %, present from ${thresholdPercent(finding.presentFrom)} %, undetermined between${finding.isNotCalibratedHere ? notCalibratedHere : ''}`;
}

/** Follows the thresholds of a finding in TID 4019 of its group and of the text report, and its conclusion. */
const notCalibratedHere = "; not calibrated here, the publisher's values";

const regionsDescription = 'AI regions (unverified)';

/** Series Description. OHIF's series list shows some twenty characters of it, so what matters stands in front. */
export function seriesDescriptionOf(content: ReportContent, kind: 'text' | 'regions'): string {
  if (kind === 'regions') return regionsDescription;
  if (content.outcome.kind === 'skipped') return 'AI report: not analysed';
  if (content.outcome.kind === 'failed') return 'AI report: failed';
  const count = (decision: Decision): number =>
    content.findings.filter((finding) => finding.decision === decision && !finding.overruledBy).length;
  const undetermined = count('undetermined') > 0 ? `, ${count('undetermined')} undetermined` : '';
  return `AI report: ${count('present') || 'none'} present${undetermined} (unverified)`;
}
