import type { FindingRule, OutputRule, Rules } from './rules.js';

export const decisions = ['present', 'absent', 'undetermined'] as const;

export type FindingDecision = (typeof decisions)[number];

/** `1 / (1 + e^−(logit / temperature + bias))`, in (0, 1). */
export function probabilityOf(logit: number, { temperature, bias = 0 }: Pick<OutputRule, 'temperature' | 'bias'>): number {
  return 1 / (1 + Math.exp(-(logit / temperature + bias)));
}

/**
 * The probabilities of one picture's findings, in the order of the outputs, calibrated: a sigmoid each, or of one-of-many the
 * softmax over the findings, `exp(zᵢ / T + bᵢ) / Σ exp(zⱼ / T + bⱼ)`. An output of kind gate is no finding and has none.
 *
 * @param logits one an output
 */
export function findingProbabilities(
  logits: ArrayLike<number>,
  { outputs, objective }: Pick<Rules, 'outputs' | 'objective'>,
): readonly number[] {
  const findings = outputs.flatMap((rule, output) => (rule.kind === 'finding' ? [{ rule, logit: logits[output]! }] : []));
  if (objective !== 'one-of-many') return findings.map(({ rule, logit }) => probabilityOf(logit, rule));
  const scaled = findings.map(({ rule, logit }) => logit / rule.temperature + (rule.bias ?? 0));
  const most = Math.max(...scaled);
  const parts = scaled.map((one) => Math.exp(one - most));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / total);
}

/** `present` from presentFrom on, `absent` below absentBelow, otherwise (also for NaN) `undetermined`. @param probability 0 to 1 */
export function decideByThresholds(
  probability: number,
  { absentBelow, presentFrom }: Pick<FindingRule, 'absentBelow' | 'presentFrom'>,
): FindingDecision {
  if (probability >= presentFrom) return 'present';
  return probability < absentBelow ? 'absent' : 'undetermined';
}
