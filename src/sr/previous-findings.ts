import { sameConcept } from '../dicom/code.js';
import { codes } from './codes.js';
import { container, text, type ContentItem } from './content-item.js';
import type { PriorFinding, PriorChange, PriorComparison, ReportedFinding } from './report-content.js';
import { percentWithoutThresholds, probabilityPercent } from './wording.js';

/** Section Previous Findings (CID 7001) of a text report: one sentence for each finding that both results state. */
export function previousFindings(prior: PriorComparison | undefined, findings: readonly ReportedFinding[]): readonly ContentItem[] {
  if (!prior) return [];
  const now = ({ concept }: PriorFinding): string => {
    const finding = findings.find((one) => sameConcept(one.concept, concept) && one.overruledBy === undefined);
    return finding ? ` Now ${finding.decision}, ${probabilityPercent(finding)} %.` : '';
  };
  return [
    container('CONTAINS', codes.previousFindings, [
      text('CONTAINS', codes.comment, priorStudySentence(prior)),
      ...prior.findings.map((one) => text('CONTAINS', codes.previousFinding, `${priorFindingSentence(one, prior)}${now(one)}`)),
    ]),
  ];
}

/** Which result it is compared with. */
export function priorStudySentence(prior: PriorComparison): string {
  const model = prior.isOtherModel ? ' Another model version made it: a difference may be due to the model.' : '';
  return `Compared with the software's result of the study of ${dateOf(prior)}, ${prior.studyInstanceUID}.${model}`;
}

/** "Pneumonia: new. 2026-01-05 absent, 12 %." */
export function priorFindingSentence({ concept, change, before }: PriorFinding, prior: PriorComparison): string {
  return `${concept.meaning}: ${changeWords[change]}. ${dateOf(prior)} ${before.decision}, ${percentWithoutThresholds(before)} %.`;
}

const dateOf = ({ studyDate }: PriorComparison): string => studyDate.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');

const changeWords = {
  unchanged: 'unchanged',
  new: 'new',
  resolved: 'resolved',
  unclear: 'no clear change',
} as const satisfies Record<PriorChange, string>;
