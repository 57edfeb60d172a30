import { sameConcept } from '../dicom/code.js';
import type { PriorFinding, Decision, PriorChange, PriorComparison, ReportedFinding } from '../sr/report-content.js';
import type { PriorResult } from './ports.js';

/** What became of each finding that both results state; of several models the deciding one counts. */
export function compareWithPrior(
  findings: readonly Pick<ReportedFinding, 'concept' | 'decision' | 'overruledBy'>[],
  modelVersion: string,
  prior: PriorResult | undefined,
): PriorComparison | undefined {
  if (!prior) return undefined;
  const compared = findings.flatMap(({ concept, decision, overruledBy }): readonly PriorFinding[] => {
    const before = prior.findings.find((one) => sameConcept(concept, { value: one.code, scheme: one.scheme, meaning: one.meaning }));
    if (!before || overruledBy !== undefined) return [];
    return [
      { concept, change: changeOf(before.decision, decision), before: { decision: before.decision, probability: before.probability } },
    ];
  });
  if (compared.length === 0) return undefined;
  const { studyInstanceUID, studyDate } = prior;
  return { studyInstanceUID, studyDate, isOtherModel: prior.modelVersion !== modelVersion, findings: compared };
}

export function changeOf(before: Decision, now: Decision): PriorChange {
  if (before === now) return 'unchanged';
  if (now === 'present') return 'new';
  return before === 'present' && now === 'absent' ? 'resolved' : 'unclear';
}
