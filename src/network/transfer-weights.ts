import { Fault } from '../errors.js';
import type { Architecture } from './architecture.js';
import { parametersOf } from './parameters.js';
import type { Tensor, Tensors } from './safetensors.js';

export interface Transferred {
  readonly tensors: Tensors;
  /** Names that were taken over. */
  readonly taken: readonly string[];
  /** Names that kept their initial values: the head, as a rule. */
  readonly fresh: readonly string[];
  /** What was made to fit, as the lineage of a model tells it; empty where everything fitted as it was. */
  readonly adapted: readonly string[];
}

/**
 * Published weights (torchvision's names) for a network with a different head: every tensor of the body is copied, the head keeps
 * its initial values unless it fits whole. Where the network reads one grey channel and the weights three colours, the first
 * convolution's are added up, which gives the same answer for a grey picture in all three.
 *
 * @param source named in the error
 * @throws Fault model-invalid naming the tensor of the body that is missing or of another shape
 */
export function transferWeights(architecture: Architecture, initial: Tensors, published: Tensors, source: string): Transferred {
  const head = headTensors(architecture);
  const headFits = [...head].every((name) => sameShape(published.get(name), initial.get(name)));
  const tensors = new Map(initial);
  const taken: string[] = [];
  const adapted: string[] = [];
  for (const { name, shape } of parametersOf(architecture)) {
    if (head.has(name) && !headFits) continue;
    const given = published.get(name);
    const fitted = given && fit(given, shape);
    if (!fitted)
      throw new Fault(
        'model-invalid',
        `tensor ${name}: expected shape [${shape.join(', ')}], found ${given ? `[${given.shape.join(', ')}]` : 'none'}; the architecture is ${architecture.name}`,
        { source },
      );
    tensors.set(name, fitted);
    taken.push(name);
    if (fitted !== given) adapted.push(`${name}: three channels summed into one`);
  }
  return { tensors, taken, fresh: [...tensors.keys()].filter((name) => !taken.includes(name)), adapted };
}

/** Tensors of the layers after the embedding. */
function headTensors({ layers, embedding }: Architecture): ReadonlySet<string> {
  const start = layers.findIndex(({ name }) => name === embedding) + 1;
  const names = new Set(layers.slice(start).map(({ name }) => name));
  return new Set(
    parametersOf({ layers } as Architecture)
      .map(({ name }) => name)
      .filter((name) => names.has(name.slice(0, name.lastIndexOf('.')))),
  );
}

function fit(given: Tensor, shape: readonly number[]): Tensor | undefined {
  if (given.shape.join() === shape.join()) return given;
  const [outputs, channels, height, width] = shape;
  const [givenOutputs, givenChannels, ...rest] = given.shape;
  if (channels !== 1 || givenChannels !== 3 || givenOutputs !== outputs || rest.join() !== [height, width].join()) return undefined;
  const size = height! * width!;
  const data = new Float32Array(outputs! * size);
  for (let index = 0; index < given.data.length; index++)
    data[Math.floor(index / (3 * size)) * size + (index % size)]! += given.data[index]!;
  return { shape, data };
}

function sameShape(one: Tensor | undefined, other: Tensor | undefined): boolean {
  return one !== undefined && other !== undefined && one.shape.join() === other.shape.join();
}
