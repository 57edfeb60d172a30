import type { Architecture } from './architecture.js';
import { parametersOf, type ParameterSpecification } from './parameters.js';

/** The tensors of a head as others name them. */
export interface HeadNames {
  /** Published name -> own name. */
  readonly names: ReadonlyMap<string, string>;
  /** Own names of biases that the published head does without. */
  readonly zeros: readonly string[];
}

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Whether two shapes differ in axes of one value at most. */
export function sameValues(one: readonly number[], other: readonly number[]): boolean {
  const long = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();
  return long(one) === long(other);
}

/** The tensors behind the embedding. */
export function headParameters(architecture: Architecture): readonly ParameterSpecification[] {
  const { layers, embedding } = architecture;
  return parametersOf({ ...architecture, layers: layers.slice(layers.findIndex(({ name }) => name === embedding) + 1) });
}

/**
 * Matches what is left of the tensors, when the body is known, with a head: by kind and shape, layer by layer in the order of the file
 * (a Sequential's own numbers say nothing, since layers without tensors count too).
 *
 * @returns undefined if they are not this head's
 */
export function matchHead(architecture: Architecture, left: Shapes): HeadNames | undefined {
  const wanted = modules(headParameters(architecture).map(({ name, shape }) => [name, shape] as const));
  const found = modules([...left]);
  if (wanted.length !== found.length) return undefined;
  const names = new Map<string, string>();
  const zeros: string[] = [];
  for (const [index, module] of wanted.entries()) {
    const theirs = found[index]!;
    for (const [part, { name, shape }] of module) {
      const given = theirs.get(part);
      if (!given && part === 'bias' && shape.length === 1 && !module.has('running_mean')) zeros.push(name);
      else if (!given || !sameValues(given.shape, shape)) return undefined;
      else names.set(given.name, name);
    }
    for (const part of theirs.keys()) if (!module.has(part)) return undefined;
  }
  return { names, zeros };
}

type Module = ReadonlyMap<string, { readonly name: string; readonly shape: readonly number[] }>;

/** Tensors by their module, in order. */
function modules(tensors: readonly (readonly [string, readonly number[]])[]): readonly Module[] {
  const found = new Map<string, Map<string, { readonly name: string; readonly shape: readonly number[] }>>();
  for (const [name, shape] of tensors) {
    const end = name.lastIndexOf('.');
    const [module, part] = [name.slice(0, Math.max(0, end)), name.slice(end + 1)];
    if (!found.has(module)) found.set(module, new Map());
    found.get(module)!.set(part, { name, shape });
  }
  return [...found.values()];
}
