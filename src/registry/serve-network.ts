import { Fault } from '../errors.js';
import type { Rules } from '../evaluation/rules.js';
import { architectureOf } from '../network/architecture-spec.js';
import { checkWeights } from '../network/check-weights.js';
import type { NetworkWithWeights } from '../network/network-with-weights.js';
import { readSafetensors, type Tensors } from '../network/safetensors.js';
import type { InputSpecification, NetworkFile } from './model-file.js';

/** A network with everything needed to feed it and to read its scores. */
export interface ServedNetwork extends Rules {
  readonly network: NetworkWithWeights;
  readonly input: InputSpecification;
}

/**
 * A network out of its entry in model.json and its weights file.
 *
 * @param source the weights file, for messages
 */
export function serveNetwork(
  { architecture: spec, input, objective, outputs, gate, study }: NetworkFile,
  bytes: Uint8Array,
  source: string,
): ServedNetwork {
  const architecture = architectureOf(spec);
  const all = readSafetensors(bytes, source);
  const own = [gate.mean, gate.precision];
  checkWeights(architecture, all, { source, extra: own });
  const { features } = architecture;
  const mean = gateTensor(all, gate.mean, [features], source);
  const precision = gateTensor(all, gate.precision, [features, features], source);
  checkPrecision(precision, features, gate.precision, source);
  return {
    network: { architecture, tensors: new Map([...all].filter(([name]) => !own.includes(name))) },
    input,
    outputs,
    ...(objective ? { objective } : {}),
    gate: { mean, precision, maxDistance: gate.maxDistance },
    ...(study ? { study } : {}),
  };
}

function gateTensor(tensors: Tensors, name: string, shape: readonly number[], source: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor && tensor.shape.join() === shape.join()) return tensor.data;
  throw new Fault(
    'model-invalid',
    `tensor ${name}: expected shape [${shape.join(', ')}], found ${tensor ? `[${tensor.shape.join(', ')}]` : 'none'}`,
    { source },
  );
}

/** An inverse covariance is symmetric and positive on its diagonal; a distance from anything else means nothing. */
function checkPrecision(precision: Float32Array, features: number, name: string, source: string): void {
  for (let row = 0; row < features; row++) {
    const diagonal = precision[row * features + row]!;
    if (!(diagonal > 0))
      throw new Fault('model-invalid', `tensor ${name}: expected a positive diagonal, found ${diagonal} in row ${row}`, { source });
    for (let column = 0; column < row; column++) {
      const one = precision[row * features + column]!;
      const other = precision[column * features + row]!;
      if (Math.abs(one - other) > 1e-4 * diagonal) {
        throw new Fault(
          'model-invalid',
          `tensor ${name}: expected a symmetric matrix, found ${one} and ${other} at [${row}, ${column}] and its mirror`,
          { source },
        );
      }
    }
  }
}
