import { diffArrays } from 'diff';

/** A line of a comparison. */
export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Changed lines at most; of texts that differ more, everything is removed and added. */
const maxEditLength = 2_000;

/**
 * What has to be removed from one text and added to make the other, by lines, with unchanged lines around.
 *
 * @param context unchanged lines shown before and after a change
 */
export function diffLines(before: string, after: string, context = 3): readonly DiffLine[] {
  const [removed, added] = [before.split('\n'), after.split('\n')];
  const parts = diffArrays(removed, added, { maxEditLength }) ?? [
    { value: removed, added: false, removed: true },
    { value: added, added: true, removed: false },
  ];
  const all = parts.flatMap(({ value, added: isAdded, removed: isRemoved }) =>
    value.map((text): DiffLine => ({ change: isAdded ? 'added' : isRemoved ? 'removed' : 'same', text })),
  );
  const isNear = (index: number): boolean =>
    all.slice(Math.max(0, index - context), index + context + 1).some(({ change }) => change !== 'same');
  return all.filter((_, index) => isNear(index));
}
