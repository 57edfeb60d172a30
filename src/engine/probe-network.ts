import type { InputBatch, NetworkWithWeights } from './engine.js';
import { between, mulberry32 } from '../lib/seeded-random.js';
import { parametersOf } from '../network/parameters.js';
import { resnet } from '../network/resnet.js';

/** A batch that a GPU can show its strength on and that two CPU cores do in a tenth of a second. */
export const probeBatch = 8;

/**
 * A small network with weights from a seed, for timing an engine before there is a model.
 * Deterministic, so that the results of two engines can be compared.
 */
export function probeNetwork(): NetworkWithWeights {
  const architecture = resnet({
    block: 'basic',
    inputChannels: 1,
    layers: [1, 1, 1, 1],
    widths: [32, 64, 128, 192],
    strides: [1, 2, 2, 1],
    outputs: 3,
  });
  const tensors = new Map(
    parametersOf(architecture).map(({ name, shape }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      // batch norms must not divide by nothing: their vectors stay around one
      const [centre, spread] = shape.length === 1 ? [1, 0.2] : [0, 1 / Math.sqrt(count / shape[0]!)];
      return [name, { shape, data: noise(count, centre, spread) }];
    }),
  );
  return { architecture, tensors };
}

/** @param size of the square pictures, in pixels; a GPU that is software needs small ones */
export function probeInput(batch = probeBatch, size = 192): InputBatch {
  return { data: noise(batch * size * size, 0, 1), batch, channels: 1, height: size, width: size };
}

/** Evenly spread. */
function noise(count: number, centre: number, spread: number): Float32Array {
  const values = new Float32Array(count);
  const random = mulberry32(count);
  for (let index = 0; index < count; index++) values[index] = between(random, centre - spread, centre + spread);
  return values;
}
