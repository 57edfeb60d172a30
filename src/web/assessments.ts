import type { Decision, ShownAssessment } from '../server/page-types.js';

/** In the order of the buttons. */
export const decisionOptions: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** The last decision of a reader on each finding. @param assessments oldest first */
export function lastDecisionsOf(assessments: readonly ShownAssessment[], reader: string | undefined): ReadonlyMap<string, Decision> {
  return new Map(
    assessments
      .filter((one) => one.reader === reader)
      .flatMap((one) => one.findings.flatMap(({ name, decision }) => (name ? [[name, decision] as const] : []))),
  );
}
