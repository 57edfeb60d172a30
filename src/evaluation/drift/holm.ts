/**
 * p values adjusted for all tests together (Holm 1979; statsmodels' `multipletests(method="holm")`): calling what lies below
 * α is wrong anywhere with probability at most α, however the tests hang together.
 *
 * @returns in the order given
 */
export function holmAdjusted(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let most = 0;
  order.forEach((index, rank) => {
    most = Math.max(most, Math.min(1, (pValues.length - rank) * pValues[index]!));
    adjusted[index] = most;
  });
  return adjusted;
}
