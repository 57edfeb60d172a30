import type { Estimate } from '../../src/evaluation/metrics/estimate.js';
import type { Figures, GroupFindings, SetFigures } from './figures-file.js';

/**
 * Which findings of the X-ray network ship. A finding is evaluated at sources that its network was not trained on; one whose images come
 * from a single source, on held-out patients within each view. What misses its criterion is an output that the model ignores.
 */

export interface FindingDecision {
  readonly name: string;
  readonly isShipped: boolean;
  /** It ships although it misses its AUROC: operating-points.ts. */
  readonly isBelowCriterion?: boolean | undefined;
  /** The criterion and what was found, as a sentence. */
  readonly why: string;
}

/** AUROC that so many left-out sources have to reach. */
const atLeftOut: Readonly<Record<string, { readonly auroc: number; readonly sources: number }>> = {
  abnormal: { auroc: 0.9, sources: 2 },
  opacity: { auroc: 0.85, sources: 3 },
  'covid-19': { auroc: 0.8, sources: 2 },
};
/** For findings of one source: on held-out patients, within each view. */
const minOneSource = 0.8;

/** One line for each finding of the network, in the order of its outputs; its operating point (operating-points.ts) is decided afterwards. */
export function findingsByAuroc(
  test: Pick<SetFigures, 'findings' | 'bySourceAndView'>,
  unseen: Figures['unseen'],
): readonly FindingDecision[] {
  return Object.keys(test.findings).map((name) => {
    const rule = atLeftOut[name];
    return rule ? decidedElsewhere(name, rule, unseen) : decidedWithin(name, test.bySourceAndView);
  });
}

/** A source that several runs left out counts with its lowest AUROC. */
function decidedElsewhere(
  name: string,
  { auroc, sources }: { readonly auroc: number; readonly sources: number },
  unseen: Figures['unseen'],
): FindingDecision {
  const groups = unseen.flatMap(({ bySource }) => bySource);
  const lowest = new Map<string, number>();
  for (const { name: source, findings } of groups) {
    const value = findings[name]?.auroc.value ?? null;
    if (value !== null) lowest.set(source, Math.min(value, lowest.get(source) ?? 1));
  }
  const reached = [...lowest].filter(([, value]) => value >= auroc);
  const measured = [...lowest].map(([source, value]) => `${source} ${value.toFixed(2)}`).join(', ') || 'none';
  return {
    name,
    isShipped: reached.length >= sources,
    why: `AUROC of at least ${auroc.toFixed(2)} is needed at ${sources} left-out sources, and reached at ${reached.length} (${measured}).`,
  };
}

function decidedWithin(name: string, groups: readonly GroupFindings[]): FindingDecision {
  const views = groups
    .map(({ name: where, findings }) => [where, findings[name]?.auroc ?? { value: null, interval: null }] as const)
    .filter((one): one is readonly [string, Estimate & { value: number }] => one[1].value !== null);
  const isShipped = views.length >= 2 && views.every(([, { value }]) => value >= minOneSource);
  return {
    name,
    isShipped,
    why: `AUROC of at least ${minOneSource.toFixed(2)} is needed on held-out patients within each source and view, two at least, and found: ${views.map(([view, { value }]) => `${view} ${value.toFixed(2)}`).join(', ') || 'too few images'}.`,
  };
}
