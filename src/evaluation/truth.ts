import { originRank, type LabelOrigin } from '../lib/label-origin.js';
import type { Truth } from './metrics/estimate.js';

/** How labels of data sets other than its own name count for a class; from config/findings.json. */
export interface LabelRule {
  /** Labels that are a kind of it: COVID-19 is a pneumonia. A kind of a kind is one too. */
  readonly includes?: readonly string[] | undefined;
  /** Labels that leave it open: an infiltration may be a pneumonia or not. */
  readonly undecided?: readonly string[] | undefined;
}

export type LabelRules = Readonly<Record<string, LabelRule>>;

/** What is stated about the findings of one image, as slugs; see Example in dataset/example.ts. */
export interface StatedFindings {
  /** Findings that are present; empty for a normal image. */
  readonly labels: readonly string[];
  /**
   * Findings that are stated to be absent. With this list a finding in neither list is unknown; without it, every finding that no label
   * names is absent.
   */
  readonly absent?: readonly string[] | undefined;
  /** Classes of which nothing is known. */
  readonly unknown?: readonly string[] | undefined;
  /** Where each statement comes from, by finding. */
  readonly origins?: Readonly<Record<string, LabelOrigin>> | undefined;
}

/** What an image's labels amount to for one class; `origin` is null if it is not stated, or the truth is not known. */
export interface OriginatedTruth {
  readonly truth: Truth;
  readonly origin: LabelOrigin | null;
}

/**
 * The truth of each class of a network. `pneumonia-viral` is a kind of `pneumonia` by its name; other kinds are in the rules. What is
 * true of a kind is true of the finding; if a finding is absent, so are its kinds: `absent: ['abnormal']` is a normal image. Where
 * statements contradict each other, the more reliable origin counts; of equal ones the truth is unknown.
 */
export function truthsOf(statements: StatedFindings, classes: readonly string[], rules: LabelRules): readonly OriginatedTruth[] {
  const { labels, absent, unknown = [], origins = {} } = statements;
  const best = (names: readonly string[]): { readonly rank: number; readonly origin: LabelOrigin | null } =>
    names
      .map((name) => (Object.hasOwn(origins, name) ? origins[name]! : null))
      .map((origin) => ({ rank: originRank(origin), origin }))
      .reduce((one, other) => (other.rank > one.rank ? other : one), { rank: -1, origin: null as LabelOrigin | null });
  return classes.map((name) => {
    const present = best(labels.filter((label) => isKindOf(label, name, rules)));
    const denied = best((absent ?? []).filter((label) => isKindOf(name, label, rules)));
    if (present.rank > denied.rank) return { truth: 1, origin: present.origin };
    if (denied.rank > present.rank) return { truth: 0, origin: denied.origin };
    // two-valued: the origin of "absent" may be stated too, as that of readers' labels is
    const own = absent === undefined && Object.hasOwn(origins, name) ? origins[name]! : null;
    // a reader who says "no pneumonia" has decided, also beside an opacity
    const undecided = own === null && labels.some((label) => rules[name]?.undecided?.includes(label));
    const open = absent !== undefined || unknown.includes(name) || undecided;
    return open ? { truth: null, origin: null } : { truth: 0, origin: own };
  });
}

/** The truths alone. */
export function truthOf(statements: StatedFindings, classes: readonly string[], rules: LabelRules): readonly Truth[] {
  return truthsOf(statements, classes, rules).map(({ truth }) => truth);
}

function isKindOf(label: string, name: string, rules: LabelRules, above: readonly string[] = []): boolean {
  if (label === name || label.startsWith(`${name}-`)) return true;
  if (above.includes(name)) return false;
  return rules[name]?.includes?.some((one) => isKindOf(label, one, rules, [...above, name])) ?? false;
}
