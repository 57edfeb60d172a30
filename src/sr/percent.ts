/**
 * A probability in %, to one decimal, or as many more as it takes to stay on its side of the thresholds:
 * 0.4996 must not read "50 %" beside "present from 50 %".
 *
 * @param probability 0 to 1
 * @returns a decimal string of at most 16 characters (DS)
 */
export function percentOf(probability: number, ...thresholds: readonly number[]): string {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number((probability * 100).toFixed(digits));
    const sameSide = thresholds.every((threshold) => rounded / 100 < threshold === probability < threshold);
    if (sameSide) return String(rounded);
  }
  return String(Number((probability * 100).toFixed(9)));
}
