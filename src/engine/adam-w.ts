/** One tensor, or many behind each other, with what AdamW knows about it. */
export interface AdamWVectors {
  readonly values: Float32Array;
  readonly gradients: Float32Array;
  /** Averages of the gradient and of its square. */
  readonly expAvg: Float32Array;
  readonly expAvgSq: Float32Array;
}

export interface AdamWStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Counted from 1. */
  readonly step: number;
  /** The gradient is multiplied by this first: 1, or less to clip its norm. */
  readonly gradientScale: number;
}

/** What is the same for all elements of a step: the share of a value that decay leaves, the size of the step and the factor of the root, both without their bias. */
export function adamWFactors({ learningRate, beta1, beta2, weightDecay, step }: Omit<AdamWStep, 'epsilon' | 'gradientScale'>): {
  readonly keep: number;
  readonly size: number;
  readonly root: number;
} {
  return { keep: 1 - learningRate * weightDecay, size: learningRate / (1 - beta1 ** step), root: 1 / Math.sqrt(1 - beta2 ** step) };
}

/**
 * One step of AdamW (Loshchilov & Hutter, arXiv 1711.05101; `torch.optim.AdamW`), in place, on the elements from `begin` up to `end`.
 */
export function adamW({ values, gradients, expAvg, expAvgSq }: AdamWVectors, begin: number, end: number, options: AdamWStep): void {
  const { beta1, beta2, epsilon, gradientScale } = options;
  const { keep, size, root } = adamWFactors(options);
  for (let index = begin; index < end; index++) {
    const gradient = gradients[index]! * gradientScale;
    const average = expAvg[index]! + (1 - beta1) * (gradient - expAvg[index]!);
    const square = expAvgSq[index]! * beta2 + (1 - beta2) * gradient * gradient;
    expAvg[index] = average;
    expAvgSq[index] = square;
    values[index] = values[index]! * keep - (size * average) / (Math.sqrt(square) * root + epsilon);
  }
}

/** L2 norm of all elements, in double precision. */
export function norm(values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]! ** 2;
  return Math.sqrt(sum);
}

/** Keeps the factor finite where there is no gradient. */
export const clipEpsilon = 1e-6;

/** The factor by which `torch.nn.utils.clip_grad_norm_` multiplies a gradient of the given norm. */
export function clipScale(gradientNorm: number, largest: number | undefined): number {
  return largest === undefined ? 1 : Math.min(1, largest / (gradientNorm + clipEpsilon));
}
