import type { Truth } from './metrics/estimate.js';

/** How labels of data sets other than its own name count for a class; from config/findings.json. */
export interface LabelRule {
  /** Labels that are a kind of it: COVID-19 is a pneumonia. */
  readonly includes?: readonly string[] | undefined;
  /** Labels that leave it open: an infiltration may be a pneumonia or not. */
  readonly undecided?: readonly string[] | undefined;
}

export type LabelRules = Readonly<Record<string, LabelRule>>;

/**
 * The truth of each class of a network, from the labels of an image. `pneumonia-viral` is a kind of `pneumonia` by its name; other kinds
 * are in the rules. A class that no label names is absent, unless a label leaves it open or the data set declares it
 * unknown.
 *
 * @param labels slugs, empty for a normal image
 * @param unknown classes of which nothing is known for this image
 */
export function truthOf(
  labels: readonly string[],
  unknown: readonly string[],
  classes: readonly string[],
  rules: LabelRules,
): readonly Truth[] {
  return classes.map((name) => {
    if (labels.some((label) => isKindOf(label, name, rules))) return 1;
    const open = labels.some((label) => rules[name]?.undecided?.includes(label)) || unknown.includes(name);
    return open ? null : 0;
  });
}

function isKindOf(label: string, name: string, rules: LabelRules): boolean {
  return (
    label === name ||
    label.startsWith(`${name}-`) ||
    (rules[name]?.includes?.some((one) => label === one || label.startsWith(`${one}-`)) ?? false)
  );
}
