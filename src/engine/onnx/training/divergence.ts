import type { Diverged } from '../protocol.js';

/** Why a step cannot be taken, if it cannot. */
export function divergence(loss: number, gradientNorm: number, step: number): Diverged | undefined {
  if (!Number.isFinite(loss)) return { diverged: `the loss is ${loss} in step ${step}` };
  if (!Number.isFinite(gradientNorm)) return { diverged: `the norm of the gradient is ${gradientNorm} in step ${step}` };
  return undefined;
}
