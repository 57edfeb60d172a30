/** A finding's probability as far as the reader of the text knows it: thresholds only where they are shown beside it. */
export interface ShownProbability {
  readonly probability: number;
  readonly decision: 'present' | 'absent' | 'undetermined';
  readonly absentBelow?: number;
  readonly presentFrom?: number;
}

/**
 * The probability in %, to one decimal as in the documents, and never on the other side of a threshold: 49.96 % is not shown as
 * "50 % undetermined" beside "present from 50 %". Where the thresholds are known, with as many decimals as it takes; else what
 * is not present is rounded down.
 */
export function probabilityText({ probability, decision, absentBelow, presentFrom }: ShownProbability): string {
  const value = probability * 100;
  if (value > 0 && value < 0.1) return '<0.1';
  if (value > 99.9 && value < 100) return '>99.9';
  const thresholds = [absentBelow, presentFrom].filter((one) => one !== undefined);
  if (thresholds.length === 0)
    return String(decision === 'present' ? Number(value.toFixed(1)) : Math.floor(Number((value * 10).toFixed(6))) / 10);
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toFixed(digits));
    if (thresholds.every((threshold) => rounded / 100 < threshold === probability < threshold)) return String(rounded);
  }
  return String(Number(value.toFixed(9)));
}
