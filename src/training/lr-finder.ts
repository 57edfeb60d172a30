/** One batch of the search. */
export interface RateLoss {
  readonly learningRate: number;
  /** Smoothed. */
  readonly loss: number;
}

export interface RateSuggestions {
  /** Where the loss falls fastest from one batch to the next: fastai v1's suggestion. */
  readonly steepest: number;
  /** The rate of the lowest loss, divided by ten. */
  readonly lowest: number;
  /** Two thirds down the longest valley: fastai v2's suggestion. */
  readonly valley: number;
}

/** fastai's `lr_find`: from 1e-7 to 10 in 100 batches. */
export const rateRange = { from: 1e-7, to: 10, batches: 100 } as const;

/** The rate that batch `index` (from 0) is trained with: equal ratios. */
export function searchRate(
  index: number,
  { from, to, batches }: { readonly from: number; readonly to: number; readonly batches: number } = rateRange,
): number {
  return from * (to / from) ** (index / batches);
}

/** The search ends where the smoothed loss is this many times the best, or is no number. */
export const divergenceFactor = 4;

/** Exponential average with the bias of its start taken out (fastai's `SmoothenValue`, Adam's correction). */
export class SmoothedLoss {
  private constructor(
    private readonly beta: number,
    private average: number,
    private count: number,
  ) {}

  static begin(beta = 0.98): SmoothedLoss {
    return new SmoothedLoss(beta, 0, 0);
  }

  /** Goes on where another left off. */
  static from({ average, count }: SmoothedLoss['state'], beta = 0.98): SmoothedLoss {
    return new SmoothedLoss(beta, average, count);
  }

  get state(): { readonly average: number; readonly count: number } {
    return { average: this.average, count: this.count };
  }

  /** NaN before the first loss. */
  get value(): number {
    return this.average / (1 - this.beta ** this.count);
  }

  /** @returns the smoothed value so far */
  add(loss: number): number {
    this.count++;
    this.average = this.beta * this.average + (1 - this.beta) * loss;
    return this.value;
  }
}

/** fastai leaves these out of plot and suggestion: at the start noise, at the end the explosion. */
const skipped = { start: 10, end: 5 } as const;

/** @returns undefined if the search was too short for a suggestion */
export function suggestRates(found: readonly RateLoss[]): RateSuggestions | undefined {
  const points = trimmed(found);
  if (points.length < 2) return undefined;
  const losses = points.map(({ loss }) => loss);
  const rateAt = (index: number): number => points[index]!.learningRate;
  return {
    steepest: rateAt(indexOfLowest(gradient(losses))),
    lowest: rateAt(indexOfLowest(losses)) / 10,
    valley: rateAt(valleyOf(losses)),
  };
}

/** What is plotted: all but the first ten and the last five. */
export function trimmed(found: readonly RateLoss[]): readonly RateLoss[] {
  return found.slice(skipped.start, found.length - skipped.end);
}

function indexOfLowest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value < values[best]! ? index : best), 0);
}

/** `np.gradient`: central differences by index, one-sided at the ends. */
function gradient(values: readonly number[]): readonly number[] {
  const last = values.length - 1;
  return values.map((value, index) =>
    index === 0 ? values[1]! - value : index === last ? value - values[last - 1]! : (values[index + 1]! - values[index - 1]!) / 2,
  );
}

/**
 * fastai v2's `valley`, oddities included: the longest strictly falling subsequence (not necessarily of neighbours), of which it
 * takes the length for the distance to its start.
 */
function valleyOf(losses: readonly number[]): number {
  const lengths = new Array<number>(losses.length).fill(1);
  let start = 0;
  let end = 0;
  for (let i = 1; i < losses.length; i++) {
    for (let j = 0; j < i; j++) {
      if (losses[i]! < losses[j]! && lengths[i]! < lengths[j]! + 1) lengths[i] = lengths[j]! + 1;
      if (lengths[end]! < lengths[i]!) {
        end = i;
        start = end - lengths[end]!;
      }
    }
  }
  const sections = (end - start) / 3;
  const index = start + Math.trunc(sections) + Math.trunc(sections / 2);
  // Python counts a negative index from the end
  return index < 0 ? losses.length + index : index;
}
