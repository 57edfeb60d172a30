import type { GivenFinding, GivenStep } from './given-step.js';

/** One request, and the steps that it sends. */
export interface PendingRequest {
  readonly study: string;
  readonly body: object;
  readonly steps: readonly GivenStep[];
}

interface Group {
  readonly steps: GivenStep[];
  readonly findings: Map<string, GivenFinding>;
}

/** One request for each study and kind of assessment: of several decisions on a finding the last one counts. */
export function requestsOf(steps: readonly GivenStep[]): readonly PendingRequest[] {
  const groups = new Map<string, Group>();
  for (const step of steps) {
    const key = `${step.study} ${step.adjudicates ?? false}`;
    const group: Group = groups.get(key) ?? { steps: [], findings: new Map() };
    groups.set(key, group);
    group.steps.push(step);
    for (const finding of step.findings) {
      const comment = finding.comment ?? group.findings.get(finding.name)?.comment;
      group.findings.set(finding.name, { ...finding, ...(comment === undefined ? {} : { comment }) });
    }
  }
  return [...groups.values()].map(({ steps: ofGroup, findings }) => {
    const { study, assessedDocument, adjudicates } = ofGroup.at(-1)!;
    return {
      study,
      steps: ofGroup,
      body: {
        findings: [...findings.values()].map(({ meaning: _, ...sent }) => sent),
        ...(assessedDocument === undefined ? {} : { assessedDocument }),
        ...(adjudicates ? { adjudicates } : {}),
      },
    };
  });
}
