/**
 * Cramér's V of two names of each image, for example label and source: 0 independent, 1 one tells the other
 * (scipy's `association(method="cramer")`, without correction).
 *
 * @returns null where one of them is the same for all
 */
export function cramersV(ones: readonly string[], others: readonly string[]): number | null {
  const rows = [...new Set(ones)];
  const columns = [...new Set(others)];
  if (rows.length < 2 || columns.length < 2) return null;
  const counts = rows.map(() => new Array<number>(columns.length).fill(0));
  ones.forEach((one, image) => counts[rows.indexOf(one)]![columns.indexOf(others[image]!)]!++);
  const rowSums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columnSums = columns.map((_, column) => counts.reduce((sum, row) => sum + row[column]!, 0));
  const chiSquare = counts.reduce(
    (sum, row, r) =>
      sum +
      row.reduce(
        (part, count, c) =>
          part + (count - (rowSums[r]! * columnSums[c]!) / ones.length) ** 2 / ((rowSums[r]! * columnSums[c]!) / ones.length),
        0,
      ),
    0,
  );
  return Math.sqrt(chiSquare / ones.length / (Math.min(rows.length, columns.length) - 1));
}
