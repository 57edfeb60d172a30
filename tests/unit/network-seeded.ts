import type { Architecture } from '../../src/network/architecture.js';
import { parametersOf } from '../../src/network/parameters.js';
import type { Tensor, Tensors } from '../../src/network/safetensors.js';
import { seededFractions, seededWords } from '../../src/lib/seeded-random.js';

// The formulas of tests/oracles/network/seeded.py: the same weights and images there and here, bit for bit.

export function seededTensor(name: string, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const u = seededFractions(name, count);
  const scale = Math.sqrt(2 / shape.slice(1).reduce((product, size) => product * size, 1));
  const value =
    name.endsWith('running_var') || (name.endsWith('weight') && shape.length === 1)
      ? (fraction: number) => 0.5 + fraction
      : name.endsWith('weight')
        ? (fraction: number) => (2 * fraction - 1) * scale
        : (fraction: number) => (2 * fraction - 1) * 0.1;
  const data = new Float32Array(count);
  for (let index = 0; index < count; index++) data[index] = value(u[index]!);
  return { shape, data };
}

/** See `away_from_zero` in seeded.py. */
export interface Conditioning {
  readonly shift: number;
  readonly scale: number;
  readonly negative: number;
}

export function seededWeights(architecture: Architecture, conditioning?: Conditioning | null): Tensors {
  return new Map(
    parametersOf(architecture).map(({ name, shape }) => {
      return [name, conditioned(name, seededTensor(name, shape), conditioning)];
    }),
  );
}

export function conditioned(name: string, tensor: Tensor, conditioning?: Conditioning | null): Tensor {
  return conditioning ? awayFromZero(name, tensor, conditioning) : tensor;
}

function awayFromZero(name: string, { shape, data }: Tensor, { shift, scale, negative }: Conditioning): Tensor {
  if (shape.length !== 1 || /\.running_(mean|var)$/.test(name) || data.length < 8) return { shape, data };
  const limit = Math.fround(0.2 * negative - 0.1);
  return {
    shape,
    data: name.endsWith('weight')
      ? data.map((value) => value * Math.fround(scale))
      : data.map((value) => value + (value < limit ? -shift : shift)),
  };
}

/** Eight sums of the values with random signs, see `projections` in seeded.py. */
export function projections(name: string, values: ArrayLike<number>): readonly number[] {
  const words = seededWords(`projection ${name}`, values.length);
  const sums = new Float64Array(8);
  for (let index = 0; index < values.length; index++) {
    const word = words[index]!;
    const value = values[index]!;
    for (let sum = 0; sum < 8; sum++) sums[sum]! += (word >>> (31 - sum)) & 1 ? value : -value;
  }
  return [...sums];
}

/** Values in [-2, 2). */
export function seededImage(name: string, count: number): Float32Array {
  return Float32Array.from(seededFractions(name, count), (fraction) => 4 * fraction - 2);
}
