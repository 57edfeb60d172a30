import type { Architecture } from '../network/architecture.js';
import { layerSizes } from '../network/layer-sizes.js';
import { parameterCount } from '../network/parameters.js';
import type { TrainerOptions } from './trainer.js';
import { trainingPlan } from './training-plan.js';

export type MemoryOptions = Pick<TrainerOptions, 'layerGroups' | 'trainFromGroup' | 'frozenBatchNorms' | 'batch' | 'height' | 'width'>;

/** Measured on onnxruntime's CPU provider (docs/reference/benchmarks.md): gradients and copies beside what is kept, in an arena that grows by doubling. */
const activationFactor = 2.4;
/** The process itself, the runtime, and a batch on its way. */
const fixedBytes = 350e6;

/**
 * About how many bytes a trainer takes at its peak, rather too many than too few.
 *
 * The backward pass needs from the forward pass: the outputs of all convolutions, ReLUs, poolings and concatenations
 * through which a gradient passes; besides, each weight with its gradient and AdamW's two averages, and the runtime's copies.
 */
export function trainingBytes(architecture: Architecture, options: MemoryOptions): number {
  const { batch, height, width } = options;
  const plan = trainingPlan(architecture, options);
  const sizes = layerSizes(architecture, height, width);
  let kept = architecture.inputChannels * height * width;
  let largest = 0;
  for (const { kind, name } of architecture.layers) {
    const { channels, height: rows, width: columns } = sizes.get(name)!;
    const values = channels * rows * columns;
    largest = Math.max(largest, values);
    if (plan.needsGradient(name) && kind !== 'batch-norm' && kind !== 'add') kept += values;
  }
  const trained = plan.trained.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return fixedBytes + 4 * (activationFactor * batch * (kept + 4 * largest) + 5 * trained + 3 * parameterCount(architecture));
}

/** Batches that are worth trying, the largest first: beyond 64 nothing is gained on any machine that was measured. */
const batches = [64, 48, 32, 24, 16, 12, 8, 6, 4, 2] as const;

/**
 * The largest batch that fits into the given memory.
 *
 * @throws RangeError if not even a batch of two does
 */
export function batchForMemory(
  architecture: Architecture,
  options: Omit<MemoryOptions, 'batch'>,
  bytes: number,
  largest: number = batches[0],
): number {
  const found = batches.find((batch) => batch <= largest && trainingBytes(architecture, { ...options, batch }) <= bytes);
  if (found !== undefined) return found;
  const needed = trainingBytes(architecture, { ...options, batch: 2 });
  throw new RangeError(
    `a batch of 2 of ${architecture.name} at ${options.width} × ${options.height} takes about ${(needed / 1e9).toFixed(1)} GB, ${(bytes / 1e9).toFixed(1)} GB are there`,
  );
}
