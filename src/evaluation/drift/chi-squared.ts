/** Two counts of the same names, such as values of a tag: whether both are drawn from one distribution. */
export interface ChiSquared {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Of no difference; from the limiting distribution. */
  readonly pValue: number;
}

/** The test's usual condition (Cochran 1954): rarer names are counted together. */
const minExpected = 5;

/**
 * Pearson's test of homogeneity (scipy's `chi2_contingency` without Yates's correction). Names of which fewer than five are
 * expected on either side count as one.
 *
 * @returns null where a side is empty or one name alone is left
 */
export function chiSquaredOfNames(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): ChiSquared | null {
  const totals = [one, other].map((counts) => Object.values(counts).reduce((sum, count) => sum + count, 0));
  const all = totals[0]! + totals[1]!;
  if (totals[0] === 0 || totals[1] === 0) return null;
  const smaller = Math.min(totals[0]!, totals[1]!) / all;
  const rows: [number, number][] = [];
  const rare: [number, number] = [0, 0];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const row: [number, number] = [one[name] ?? 0, other[name] ?? 0];
    if ((row[0] + row[1]) * smaller >= minExpected) rows.push(row);
    else for (const side of [0, 1] as const) rare[side] += row[side];
  }
  if (rare[0] + rare[1] > 0) {
    // Too rare also together: they go to the commonest, or a single strange file would decide.
    const least = rows.sort((a, b) => b[0] + b[1] - a[0] - a[1])[0];
    if ((rare[0] + rare[1]) * smaller >= minExpected || !least) rows.push(rare);
    else rows[0] = [least[0] + rare[0], least[1] + rare[1]];
  }
  if (rows.length < 2) return null;
  let statistic = 0;
  for (const row of rows) {
    for (const side of [0, 1] as const) {
      const expected = ((row[0] + row[1]) * totals[side]!) / all;
      statistic += (row[side] - expected) ** 2 / expected;
    }
  }
  const degreesOfFreedom = rows.length - 1;
  return { statistic, degreesOfFreedom, pValue: chiSquaredTail(statistic, degreesOfFreedom) };
}

/** `P(X ≥ x)` of chi-squared with `k` degrees of freedom: the upper incomplete gamma function `Q(k/2, x/2)`. */
export function chiSquaredTail(x: number, k: number): number {
  if (x <= 0) return 1;
  const [a, half] = [k / 2, x / 2];
  const front = Math.exp(a * Math.log(half) - half - logGamma(a));
  if (half < a + 1) {
    // 1 − P(a, x) by its series
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < 1000 && term > sum * 1e-16; n++) sum += term *= half / (a + n);
    return Math.max(0, 1 - front * sum);
  }
  // Lentz's continued fraction
  let [b, c] = [half + 1 - a, 1e300];
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

/** Lanczos 1964, g = 7. */
function logGamma(x: number): number {
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const t = z + 7.5;
  const sum = coefficients.slice(1).reduce((all, one, i) => all + one / (z + i + 1), coefficients[0]!);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}
