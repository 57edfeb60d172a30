import type { FindingRule, OutputRule } from './rules.js';

export const decisions = ['present', 'absent', 'undetermined'] as const;

export type Decision = (typeof decisions)[number];

/** `1 / (1 + e^(−logit / temperature))`, in (0, 1). */
export function probabilityOf(logit: number, { temperature }: Pick<OutputRule, 'temperature'>): number {
  return 1 / (1 + Math.exp(-logit / temperature));
}

export function decisionOf(probability: number, { absentBelow, presentFrom }: Pick<FindingRule, 'absentBelow' | 'presentFrom'>): Decision {
  if (probability >= presentFrom) return 'present';
  return probability < absentBelow ? 'absent' : 'undetermined';
}
