import type { Architecture } from '../../src/network/architecture.js';
import { parametersOf } from '../../src/network/parameters.js';
import type { Tensor, Tensors } from '../../src/network/safetensors.js';

/** The formula of tests/oracles/network/seeded.py: the same weights and images there and here, bit for bit. */
export function fractions(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619);
  return Float64Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 0x9e3779b9) + seed) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    return (x >>> 0) / 4294967296;
  });
}

export function seededTensor(name: string, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const u = fractions(name, count);
  const scale = Math.sqrt(2 / shape.slice(1).reduce((product, size) => product * size, 1));
  const value = name.endsWith('running_var') || (name.endsWith('weight') && shape.length === 1)
    ? (fraction: number) => 0.5 + fraction
    : name.endsWith('weight')
      ? (fraction: number) => (2 * fraction - 1) * scale
      : (fraction: number) => (2 * fraction - 1) * 0.1;
  return { shape, data: Float32Array.from(u, value) };
}

export function seededWeights(architecture: Architecture): Tensors {
  return new Map(parametersOf(architecture).map(({ name, shape }) => [name, seededTensor(name, shape)]));
}

/** Values in [-2, 2). */
export function seededImage(name: string, count: number): Float32Array {
  return Float32Array.from(fractions(name, count), (fraction) => 4 * fraction - 2);
}
