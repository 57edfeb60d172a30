import { calibrated, firstAuroc, keepsClasses } from './criteria.js';
import { checkSameImages, type GateEvidence } from './evidence.js';
import type { Criterion, GateDecision } from './gate-decision.js';
import { groupCriteria, refusedInSources } from './group-criteria.js';
import { notWorse, notWorseInGroups, type Comparator } from './non-inferiority.js';
import { defaultPromotionRules, type PromotionRules } from './promotion-rules.js';
import { labelsByOrigin, withReliableLabels } from './reliable-labels.js';
import { shortcutAudit } from './shortcut-audit.js';

/**
 * The promotion gate: a challenger is promoted only if it passes every criterion that counts. A criterion that cannot be computed
 * counts as failed. The same evidence and rules always give the same decision.
 *
 * @throws RangeError if the sets do not hold the same images in the same order
 */
export function decidePromotion(given: GateEvidence, rules: PromotionRules = defaultPromotionRules): GateDecision {
  if (given.champion) checkSameImages(given.challenger.set, given.champion.set, 'champion');
  for (const { set, version } of given.best ?? []) checkSameImages(given.challenger.set, set, `best version so far (${version})`);
  const evidence = withReliableLabels(given, rules);
  const { champion, challenger, best = [] } = evidence;
  const comparator: Comparator | null = champion && { set: champion.set, suffix: '', title: 'the champion' };
  const criteria = [
    ...(champion ? [keepsClasses(champion.set, challenger.set)] : []),
    ...challenger.set.classes.flatMap((name) => [
      ...(comparator?.set.classes.includes(name)
        ? [...notWorse(name, comparator, challenger.set, rules), ...notWorseInGroups(name, comparator, challenger.set, rules)]
        : [firstAuroc(name, challenger.set, rules)]),
      ...best
        .filter(({ set }) => set.classes.includes(name))
        .flatMap(({ set, version }) =>
          notWorse(name, { set, suffix: '-than-best', title: `the best version so far (${version})` }, challenger.set, rules),
        ),
      ...calibrated(name, challenger.set, rules),
      ...groupCriteria({
        name,
        challenger: challenger.set,
        champion: champion?.set.classes.includes(name) ? champion.set : null,
        rules,
      }),
      ...labelsByOrigin(name, challenger.set),
    ]),
    ...(evidence.bestMissing ?? []).map(bestNotAvailable),
    refusedInSources(challenger.set, champion?.set ?? null, rules),
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

/** A version that the challenger should be compared with cannot be read: failed, because it cannot be computed. */
function bestNotAvailable({ version, why }: { readonly version: string; readonly why: string }): Criterion {
  return {
    name: 'best-version-available',
    figure: null,
    interval: null,
    comparison: 'at-least',
    bound: null,
    passed: false,
    counts: true,
    words: `The best version so far, ${version}, cannot be loaded to compare with (${why}). Restore it from a backup, or promote without the gate and give a reason.`,
  };
}

function reasonOf(failed: readonly Criterion[]): string {
  const [first, ...others] = failed;
  return others.length === 0
    ? first!.words
    : `${first!.words} ${others.length} more ${others.length === 1 ? 'criterion is' : 'criteria are'} failed: ${[...new Set(others.map(({ name }) => name))].join(', ')}.`;
}
