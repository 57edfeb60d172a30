/** A line of a comparison. */
export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Lines compared at most; of longer texts everything is removed and added. */
const maxLines = 2_000;

/**
 * What has to be removed from one text and added to make the other, by lines (longest common subsequence), with unchanged lines around.
 *
 * @param context unchanged lines shown before and after a change
 */
export function diffLines(before: string, after: string, context = 3): readonly DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  const all = a.length > maxLines || b.length > maxLines ? [...marked(a, 'removed'), ...marked(b, 'added')] : compared(a, b);
  const isNear = (index: number): boolean =>
    all.slice(Math.max(0, index - context), index + context + 1).some(({ change }) => change !== 'same');
  return all.filter((_, index) => isNear(index));
}

function marked(lines: readonly string[], change: DiffLine['change']): DiffLine[] {
  return lines.map((text) => ({ change, text }));
}

function compared(a: readonly string[], b: readonly string[]): DiffLine[] {
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ change: 'same', text: a[i]! });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      lines.push({ change: 'removed', text: a[i++]! });
    else lines.push({ change: 'added', text: b[j++]! });
  }
  return lines;
}
