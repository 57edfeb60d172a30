import type { InputBatch, NetworkWithWeights } from './engine.js';
import { parametersOf } from '../network/parameters.js';
import { resnet } from '../network/resnet.js';

/** A batch that a GPU can show its strength on and that two CPU cores do in a tenth of a second. */
export const probeBatch = 8;

/**
 * A small network with weights from a formula, for timing an engine before there is a model.
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

/** Evenly spread by a linear congruential generator: a sine for each of the weights took a fifth of a second at every start. */
function noise(count: number, centre: number, spread: number): Float32Array {
  const values = new Float32Array(count);
  let state = count;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    values[index] = centre + spread * (state / 2 ** 31);
  }
  return values;
}
