import type { Decision, PageFinding, ShownAssessment } from '../server/page-types.js';
import { sortedByImportance } from './finding-order.js';

/** In the order of the buttons, which is the same for every finding. */
export const decisionOptions: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** A reader's own decision that counts. */
export interface OwnDecision {
  readonly decision: Decision;
  readonly comment?: string | undefined;
}

/** The decision of a reader that counts, on each finding: neither superseded nor withdrawn. */
export function ownDecisionsOf(assessments: readonly ShownAssessment[], reader: string | undefined): ReadonlyMap<string, OwnDecision> {
  return new Map(
    assessments
      .filter((one) => one.reader === reader)
      .flatMap((one) =>
        one.findings.flatMap(({ name, decision, isCurrent, comment }) =>
          name && isCurrent ? [[name, { decision, ...(comment === undefined ? {} : { comment }) }] as const] : [],
        ),
      ),
  );
}

/** A finding that can be assessed: one of the result, or one that the reader has added. */
export interface AssessableFinding {
  readonly name: string;
  readonly meaning: string;
  /** Of the software; absent for one that the reader has added. */
  readonly software?: PageFinding;
}

/** The findings of the result in their order, then those that readers have added. */
export function assessableFindings(
  findings: readonly PageFinding[],
  assessments: readonly ShownAssessment[],
): readonly AssessableFinding[] {
  const ofResult = sortedByImportance(findings).map((software) => ({ name: software.name, meaning: software.meaning, software }));
  const added = new Map(
    assessments
      .flatMap((one) => one.findings)
      .flatMap(({ name, meaning, isCurrent }) =>
        name && isCurrent && !findings.some((one) => one.name === name) ? [[name, { name, meaning }] as const] : [],
      ),
  );
  return [...ofResult, ...added.values()];
}

/** Assessments of which something counts, and the others: superseded, withdrawn, or a withdrawal. The newest first. */
export function foldAssessments(assessments: readonly ShownAssessment[]): {
  readonly current: readonly ShownAssessment[];
  readonly earlier: readonly ShownAssessment[];
} {
  const newest = [...assessments].reverse();
  const counts = (one: ShownAssessment): boolean => one.findings.some(({ isCurrent }) => isCurrent);
  return { current: newest.filter(counts), earlier: newest.filter((one) => !counts(one)) };
}
