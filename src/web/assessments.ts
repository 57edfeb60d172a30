import type { Decision } from '../server/page-types.js';

/** What GET /api/studies/{study}/assessments answers, as far as people are shown it. */
export interface StudyAssessments {
  /** Oldest first. */
  readonly assessments: readonly Assessment[];
  readonly labels: readonly { readonly finding: string; readonly state: 'agreed' | 'disagreed' | 'undetermined' }[];
}

export interface Assessment {
  readonly sopInstanceUID: string;
  readonly reader: string;
  readonly verified: boolean;
  readonly givenAt: string | null;
  readonly findings: readonly { readonly name?: string; readonly meaning: string; readonly decision: Decision }[];
}

export interface Me {
  readonly name: string;
  readonly roles: readonly string[];
  readonly mustChange?: boolean;
}

export const decisions: readonly Decision[] = ['present', 'undetermined', 'absent'];

export function mayPredict(me: Me | undefined): boolean {
  return me?.roles.some((role) => role === 'reader' || role === 'admin') ?? false;
}

/** What this reader said last of each finding. */
export function lastOf(assessments: readonly Assessment[], reader: string | undefined): ReadonlyMap<string, Decision> {
  return new Map(
    assessments
      .filter((one) => one.reader === reader)
      .flatMap((one) => one.findings.flatMap(({ name, decision }) => (name ? [[name, decision] as const] : []))),
  );
}
