import type { LabelKind } from './example.js';
import { slugOf } from './slug.js';

/** Cells for a normal image: a class of its own for `one-of-many`, no class for `several`. */
const normal: ReadonlySet<string> = new Set(['no-finding', 'normal', 'healthy', 'none']);

/** Cells for an image without a label. */
const unsaid: ReadonlySet<string> = new Set(['', 'unknown', 'todo', 'na', 'n-a', 'not-available']);

/** Whether a cell states that nothing was found. */
export function isNormal(finding: string): boolean {
  return normal.has(slugOf(finding));
}

/** Whether a list names several findings of one image anywhere: joined by bars, as NIH does. */
export function kindOf(findings: readonly string[]): LabelKind {
  return findings.some((finding) => finding.includes('|')) ? 'several' : 'one-of-many';
}

/**
 * The classes of a cell. Findings are joined by `|`; a `/` leads from a finding to a kind of it, so that among `several`
 * `Pneumonia/Viral` is both `pneumonia` and `pneumonia-viral`, among `one-of-many` the latter alone.
 *
 * @returns undefined if the cell has no label; an empty list for a normal image among `several`
 */
export function labelsOf(finding: string, kind: LabelKind): readonly string[] | undefined {
  if (kind === 'one-of-many') {
    const slug = slugOf(finding);
    return unsaid.has(slug) ? undefined : [slug];
  }
  const named = finding.split('|').map((one) =>
    one
      .split('/')
      .map(slugOf)
      .filter((part) => part !== ''),
  );
  const paths = named.filter((path) => path.length > 0);
  if (paths.length === 0 || paths.every((path) => unsaid.has(path.join('-')))) return undefined;
  const labels = paths
    .filter((path) => !normal.has(path.join('-')) && !unsaid.has(path.join('-')))
    .flatMap((path) => path.map((_, depth) => path.slice(0, depth + 1).join('-')));
  return [...new Set(labels)].sort();
}
