import { findingText } from '../texts/finding-name.js';
import type { Translate } from '../texts/languages.js';
import type { GivenStep } from './given-step.js';

/** "Pneumonia absent", or "4 findings". */
export function stepsText(steps: readonly GivenStep[], t: Translate): string {
  const findings = new Map(steps.flatMap((one) => one.findings).map((one) => [one.name, one]));
  const [first] = findings.values();
  if (!first || findings.size > 1) return t('pending.several', { n: findings.size });
  return `${findingText(first.meaning ?? first.name, t)} ${t(`decision.${first.decision}`).toLowerCase()}`;
}
