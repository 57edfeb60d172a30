import { calibrated, firstOfItsKind, keepsClasses, notWorse, notWorseInGroups } from './criteria.js';
import { checkSameImages, type GateEvidence } from './evidence.js';
import type { Criterion, GateDecision } from './gate-decision.js';
import { defaultPromotionRules, type PromotionRules } from './promotion-rules.js';
import { shortcutAudit } from './shortcut-audit.js';

/**
 * The gate: a challenger is promoted only if every criterion that counts is passed. What is not defined is not passed.
 *
 * The same evidence and rules give the same decision.
 *
 * @throws RangeError if the sets are not of the same images in the same order
 */
export function decidePromotion(evidence: GateEvidence, rules: PromotionRules = defaultPromotionRules): GateDecision {
  const { champion, challenger } = evidence;
  if (champion) checkSameImages(challenger.set, champion.set, 'champion');
  const known = (name: string): boolean => champion?.set.classes.includes(name) ?? false;
  const criteria = [
    ...(champion ? [keepsClasses(champion.set, challenger.set)] : []),
    ...challenger.set.classes.flatMap((name) => [
      ...(known(name)
        ? [...notWorse(name, champion!.set, challenger.set, rules), ...notWorseInGroups(name, champion!.set, challenger.set, rules)]
        : [firstOfItsKind(name, challenger.set, rules)]),
      ...calibrated(name, challenger.set, rules),
    ]),
    ...shortcutAudit(evidence, rules),
  ];
  const failed = criteria.filter(({ counts, passed }) => counts && !passed);
  const { confidence, resamples, seed } = rules;
  return {
    decision: failed.length === 0 ? 'promoted' : 'refused',
    challenger: challenger.version,
    champion: champion?.version ?? null,
    testSet: {
      name: evidence.testSet,
      n: challenger.set.images.length,
      patients: new Set(challenger.set.images.map(({ patient }) => patient)).size,
    },
    seed,
    resamples,
    confidence,
    criteria,
    why: failed.length === 0 ? `All ${criteria.filter(({ counts }) => counts).length} criteria are passed.` : reasonOf(failed),
  };
}

function reasonOf(failed: readonly Criterion[]): string {
  const [first, ...others] = failed;
  return others.length === 0
    ? first!.words
    : `${first!.words} And ${others.length} more ${others.length === 1 ? 'criterion is' : 'criteria are'} not passed: ${[...new Set(others.map(({ name }) => name))].join(', ')}.`;
}
