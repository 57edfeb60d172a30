/** Weights of a convolution in another order: [O, I, kernel, kernel], as they are stored, ⇄ [kernel², O, I], as the training graph takes them. */
export function toTapMajor(data: Float32Array, shape: readonly number[]): Float32Array {
  return reorder(data, shape, (result, tapMajor, stored) => (result[tapMajor] = data[stored]!));
}

export function fromTapMajor(data: Float32Array, shape: readonly number[]): Float32Array {
  return reorder(data, shape, (result, tapMajor, stored) => (result[stored] = data[tapMajor]!));
}

/** @param shape [O, I, kernel, kernel] */
function reorder(
  data: Float32Array,
  shape: readonly number[],
  copy: (result: Float32Array, tapMajor: number, stored: number) => void,
): Float32Array {
  const [outputs, inputs, rows, columns] = shape as readonly [number, number, number, number];
  const taps = rows * columns;
  const result = new Float32Array(data.length);
  let stored = 0;
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) copy(result, (tap * outputs + output) * inputs + input, stored++);
    }
  }
  return result;
}
