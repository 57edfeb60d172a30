/** Values of one step. */
export interface ScheduledRates {
  /** Factor-free learning rate; layer groups have their own maximum. */
  readonly learningRate: number;
  /** AdamW's beta 1. */
  readonly momentum: number;
}

export interface OneCycleOptions {
  /** The highest learning rate. */
  readonly maximum: number;
  /** Beta 1 at the ends and at the height of the cycle. */
  readonly momentums?: readonly [number, number];
  /** The first rate is the maximum divided by this. */
  readonly divisor?: number;
  /** The last rate is the maximum divided by this. */
  readonly finalDivisor?: number;
  /** Part of the steps that the rate rises in. */
  readonly risingShare?: number;
}

/** Which fastai's `fit_one_cycle`: 1 steps over whole batches and rises for 30 %, 2 runs over `i / N` and rises for 25 %. */
export type OneCycleVersion = 1 | 2;

/**
 * One-cycle policy (Smith, arXiv 1803.09820) as fastai computes it: the rate rises by half a cosine from `maximum / divisor` to
 * `maximum` and falls by half a cosine to `maximum / finalDivisor`, the momentum the other way round.
 *
 * @param steps of the whole cycle, one for each batch
 * @returns the values that batch `step` (from 0) uses
 */
export function oneCycle(step: number, steps: number, options: OneCycleOptions, version: OneCycleVersion = 1): ScheduledRates {
  const { maximum, momentums: [outer, inner] = [0.95, 0.85], divisor = 25 } = options;
  const finalDivisor = options.finalDivisor ?? (version === 1 ? divisor * 1e4 : 1e5);
  const { rising, position } =
    version === 1 ? placeOfV1(step, steps, options.risingShare ?? 0.3) : placeOfV2(step, steps, options.risingShare ?? 0.25);
  return rising
    ? { learningRate: cosine(maximum / divisor, maximum, position), momentum: cosine(outer, inner, position) }
    : { learningRate: cosine(maximum, maximum / finalDivisor, position), momentum: cosine(inner, outer, position) };
}

interface Place {
  readonly rising: boolean;
  /** Within its half, 0 to 1. */
  readonly position: number;
}

/** fastai v1 takes a step after each batch; a half of no steps takes one all the same. */
function placeOfV1(step: number, steps: number, risingShare: number): Place {
  const wholeRise = Math.trunc(steps * risingShare);
  const rise = Math.max(1, wholeRise);
  const fall = Math.max(1, steps - wholeRise);
  return step <= rise ? { rising: true, position: step / rise } : { rising: false, position: Math.min((step - rise) / fall, 1) };
}

function placeOfV2(step: number, steps: number, risingShare: number): Place {
  const position = step / steps;
  return position < risingShare
    ? { rising: true, position: position / risingShare }
    : { rising: false, position: (position - risingShare) / (1 - risingShare) };
}

function cosine(start: number, end: number, position: number): number {
  return end + ((start - end) / 2) * (Math.cos(Math.PI * position) + 1);
}

/**
 * Learning rates of the layer groups, from the input on (fastai's `slice`): from `first` to `last` in equal ratios; without `first`
 * a tenth of `last` for all groups but the last.
 */
export function layerGroupRates(groups: number, last: number, first?: number): readonly number[] {
  return Array.from({ length: groups }, (_, group) => {
    if (first === undefined) return group === groups - 1 ? last : last / 10;
    return groups === 1 ? last : first * (last / first) ** (group / (groups - 1));
  });
}
