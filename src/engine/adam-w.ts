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

/**
 * One step of AdamW (Loshchilov & Hutter, arXiv 1711.05101; `torch.optim.AdamW`), in place, on the elements from `begin` up to `end`.
 */
export function adamW({ values, gradients, expAvg, expAvgSq }: AdamWVectors, begin: number, end: number, options: AdamWStep): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = options;
  const keep = 1 - learningRate * weightDecay;
  const size = learningRate / (1 - beta1 ** step);
  const root = 1 / Math.sqrt(1 - beta2 ** step);
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

/** The factor by which `torch.nn.utils.clip_grad_norm_` multiplies a gradient of the given norm. */
export function clipScale(gradientNorm: number, largest: number | undefined): number {
  return largest === undefined ? 1 : Math.min(1, largest / (gradientNorm + 1e-6));
}
