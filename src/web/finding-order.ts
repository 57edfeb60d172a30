import type { Decision, PageFinding } from '../server/page-types.js';

const order: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** Present findings first, then undetermined ones; the more probable first. */
export function sortedByImportance<Finding extends PageFinding>(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => order.indexOf(a.decision) - order.indexOf(b.decision) || b.probability - a.probability);
}

/** A threshold in %, not rounded. */
export function thresholdPercent(threshold: number): string {
  return String(Number((threshold * 100).toFixed(10)));
}
