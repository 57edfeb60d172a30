/** Two decisions on the same images: how often only one of them was right. */
export interface DiscordantPairs {
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
}

/**
 * Two-sided p-value of McNemar's exact test (McNemar 1947; R's `binom.test`, statsmodels' `mcnemar(exact=True)`): whether two readers of
 * the same images are right equally often. Images count as independent.
 *
 * @param pairs whole numbers of 0 or more
 * @returns 1 if both were always right together
 */
export function mcnemarPValue({ onlyFirstRight, onlySecondRight }: DiscordantPairs): number {
  const trials = onlyFirstRight + onlySecondRight;
  const fewer = Math.min(onlyFirstRight, onlySecondRight);
  // Terms of the binomial distribution with probability one half, by their logarithms: 2^-n underflows for 1,100 pairs.
  let logTerm = -trials * Math.LN2;
  let tail = 0;
  for (let successes = 0; successes <= fewer; successes++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log(trials - successes) - Math.log(successes + 1);
  }
  return Math.min(1, 2 * tail);
}
