import { Fault } from '../errors.js';
import type { Architecture } from './architecture.js';
import { parametersOf } from './parameters.js';
import { firstNotFinite } from './element-type.js';
import type { Tensors } from './safetensors.js';

export interface CheckWeightsOptions {
  /** Named in the error, for example the weights file. */
  readonly source?: string;
  /** Names, or prefixes ending in a point (`gate.`), of tensors that may be there besides the network's own. */
  readonly extra?: readonly string[];
}

/** A counter that PyTorch saves with every batch norm and that nothing here needs. */
const ignored = /\.num_batches_tracked$/;

/**
 * Whether the tensors are exactly those of the architecture, with finite values and no negative variance.
 *
 * @throws Fault 'model-invalid' naming the tensor, the shape expected and the shape found
 */
export function checkWeights(
  architecture: Architecture,
  tensors: Tensors,
  { source = 'weights', extra = [] }: CheckWeightsOptions = {},
): void {
  const problems: string[] = [];
  const expected = new Set<string>();
  for (const { name, shape } of parametersOf(architecture)) {
    expected.add(name);
    const tensor = tensors.get(name);
    if (!tensor) problems.push(`tensor ${name}: expected shape [${shape.join(', ')}], found none`);
    else if (!sameShape(tensor.shape, shape))
      problems.push(`tensor ${name}: expected shape [${shape.join(', ')}], found [${tensor.shape.join(', ')}]`);
    else {
      const wrong = firstNotFinite(tensor.data);
      if (wrong !== undefined) problems.push(`tensor ${name}: expected finite values, found ${tensor.data[wrong]} at element ${wrong}`);
      else if (name.endsWith('.running_var') && tensor.data.some((value) => value < 0))
        problems.push(`tensor ${name}: expected variances, found a negative value`);
    }
  }
  const allowed = (name: string): boolean =>
    ignored.test(name) || extra.some((entry) => name === entry || (entry.endsWith('.') && name.startsWith(entry)));
  for (const [name, { shape }] of tensors) {
    if (!expected.has(name) && !allowed(name))
      problems.push(`tensor ${name}: expected none of this name, found shape [${shape.join(', ')}]`);
  }
  if (problems.length === 0) return;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more that do not fit)` : '';
  throw new Fault('model-invalid', `${problems[0]}${more}; the architecture is ${architecture.name}`, { source });
}

function sameShape(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((size, axis) => size === other[axis]);
}
