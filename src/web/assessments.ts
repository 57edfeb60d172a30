import type { Decision } from '../server/page-types.js';

/** What GET /api/studies/{study}/verdicts answers, as far as people are shown it. */
export interface StudyVerdicts {
  /** Oldest first. */
  readonly verdicts: readonly Verdict[];
  readonly labels: readonly { readonly finding: string; readonly state: 'settled' | 'disagreed' | 'undetermined' }[];
}

export interface Verdict {
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

export function mayJudge(me: Me | undefined): boolean {
  return me?.roles.some((role) => role === 'reader' || role === 'admin') ?? false;
}

/** What this reader said last of each finding. */
export function lastOf(verdicts: readonly Verdict[], reader: string | undefined): ReadonlyMap<string, Decision> {
  return new Map(verdicts.filter((one) => one.reader === reader).flatMap((one) => one.findings.flatMap(({ name, decision }) => (name ? [[name, decision] as const] : []))));
}
