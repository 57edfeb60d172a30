import { sameConcept } from '../dicom/code.js';
import { codes } from './codes.js';
import { container, text, type ContentItem } from './content-item.js';
import type { PriorFinding, PriorChange, PriorComparison, ReportedFinding } from './report-content.js';
import { percentWithoutThresholds, probabilityPercent } from './wording.js';

/** Section Previous Findings (CID 7001) of a text report: one sentence for each finding that both results state. */
export function previousFindings(prior: PriorComparison | undefined, findings: readonly ReportedFinding[]): readonly ContentItem[] {
  if (!prior) return [];
  const date = prior.studyDate.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
  const model = prior.isOtherModel ? ' Another model version made it: a difference may be due to the model.' : '';
  return [
    container('CONTAINS', codes.previousFindings, [
      text('CONTAINS', codes.comment, `Compared with the software's result of the study of ${date}, ${prior.studyInstanceUID}.${model}`),
      ...prior.findings.map((one) => text('CONTAINS', codes.previousFinding, sentenceOf(one, date, findings))),
    ]),
  ];
}

function sentenceOf({ concept, change, before }: PriorFinding, date: string, findings: readonly ReportedFinding[]): string {
  const now = findings.find((one) => sameConcept(one.concept, concept) && one.overruledBy === undefined);
  const today = now ? ` Now ${now.decision}, ${probabilityPercent(now)} %.` : '';
  return `${concept.meaning}: ${changeWords[change]}. ${date} ${before.decision}, ${percentWithoutThresholds(before)} %.${today}`;
}

const changeWords = {
  unchanged: 'unchanged',
  new: 'new',
  resolved: 'resolved',
  unclear: 'no clear change',
} as const satisfies Record<PriorChange, string>;
