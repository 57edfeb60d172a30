import type { FindingRule, Rules } from './rules.js';

export const decisions = ['present', 'absent', 'undetermined'] as const;

export type FindingDecision = (typeof decisions)[number];

/** `1 / (1 + e^−(logit / temperature + bias))`, in (0, 1). */
export function probabilityOf(logit: number, { temperature, bias = 0 }: Pick<FindingRule, 'temperature' | 'bias'>): number {
  return 1 / (1 + Math.exp(-(logit / temperature + bias)));
}

/**
 * A probability with the publisher's operating point in its middle: 0 to 0.5 below `threshold`, 0.5 to 1 from there on, linear in
 * each part (`op_norm` of torchxrayvision/models.py).
 *
 * @param threshold between 0 and 1
 */
export function aroundThreshold(probability: number, threshold: number): number {
  return probability < threshold ? probability / (2 * threshold) : 1 - (1 - probability) / (2 * (1 - threshold));
}

/** The probability of a finding on its own. A publisher's operating point counts until the finding is calibrated on local labels. */
function probabilityOfFinding(logit: number, rule: FindingRule): number {
  const probability = probabilityOf(logit, rule);
  return rule.publishedThreshold !== undefined && rule.calibratedHere === false
    ? aroundThreshold(probability, rule.publishedThreshold)
    : probability;
}

/**
 * The probabilities of one picture's findings, in the order of the outputs, calibrated: a sigmoid each, or of one-of-many the
 * softmax over findings and ignored outputs, `exp(zᵢ / T + bᵢ) / Σ exp(zⱼ / T + bⱼ)`. An output of kind gate, or one that is
 * ignored, is no finding and has none.
 *
 * @param logits one an output
 */
export function findingProbabilities(
  logits: ArrayLike<number>,
  { outputs, objective }: Pick<Rules, 'outputs' | 'objective'>,
): readonly number[] {
  const findings = outputs.flatMap((rule, output) => (rule.kind === 'finding' ? [{ rule, logit: logits[output]! }] : []));
  if (objective !== 'one-of-many') return findings.map(({ rule, logit }) => probabilityOfFinding(logit, rule));
  const scaled = findings.map(({ rule, logit }) => logit / rule.temperature + (rule.bias ?? 0));
  // all findings of one-of-many have one temperature
  const temperature = findings[0]?.rule.temperature ?? 1;
  const others = outputs.flatMap(({ kind }, output) => (kind === 'ignored' ? [logits[output]! / temperature] : []));
  const most = Math.max(...scaled, ...others);
  const parts = scaled.map((one) => Math.exp(one - most));
  const total = [...parts, ...others.map((one) => Math.exp(one - most))].reduce((sum, part) => sum + part, 0);
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
