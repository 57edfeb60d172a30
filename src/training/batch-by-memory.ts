import { batchForMemory, trainingBytes } from '../engine/training-memory.js';
import { Fault } from '../errors.js';
import type { Architecture } from '../network/architecture.js';
import { layerGroups } from '../network/layer-groups.js';
import type { Stage } from './recipe.js';

/** Of the machine's memory: the rest is for whatever runs beside training. */
const share = 0.5;

export interface BatchByMemory {
  readonly batch: number;
  /** The reason in a sentence, for the log. */
  readonly why: string;
}

/**
 * The largest batch up to `most` with which every stage fits into half of the memory, by the estimate of engine/training-memory.ts. A
 * function of its arguments alone. It knows the host's memory, not that of a GPU.
 *
 * @param memory bytes of the whole machine
 * @throws Fault request-invalid if not even a batch of two fits
 */
export function batchByMemory(
  architecture: Architecture,
  stages: readonly Pick<Stage, 'what'>[],
  size: { readonly height: number; readonly width: number },
  memory: number,
  most: number,
): BatchByMemory {
  const bytes = share * memory;
  const there = `${gigabytes(bytes)} GB, half of the memory here`;
  const groups = layerGroups(architecture);
  // the head alone is trained on features: its batch weighs nothing
  const options = stages
    .filter(({ what }) => what !== 'head')
    .map(({ what }) => ({
      layerGroups: groups,
      trainFromGroup: what === 'all' ? 0 : groups.length - 1,
      frozenBatchNorms: what === 'all' ? ('still' as const) : ('train' as const),
      height: size.height,
      width: size.width,
    }));
  if (options.length === 0) return { batch: most, why: 'the head alone is trained' };
  try {
    const batch = Math.min(...options.map((one) => batchForMemory(architecture, one, bytes, most)));
    const needed = Math.max(...options.map((one) => trainingBytes(architecture, { ...one, batch })));
    return { batch, why: `about ${gigabytes(needed)} of ${there}${batch === most ? '; no more is tried by itself' : ''}` };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Fault(
      'request-invalid',
      `expected memory for a batch of two: ${error.message} (half of the memory here); take smaller pictures or a smaller network, or state the batch`,
    );
  }
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
