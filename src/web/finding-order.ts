import type { Decision, PageFinding } from '../server/page-types.js';

const order: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** What matters most first. */
export function byImportance<Finding extends PageFinding>(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => order.indexOf(a.decision) - order.indexOf(b.decision) || b.probability - a.probability);
}

export function percent(share: number): string {
  const value = share * 100;
  return value > 0 && value < 1 ? '<1' : value > 99 && value < 100 ? '>99' : String(Math.round(value));
}
