import type { ForeignGraph } from '../../network/foreign-graph.js';

/** What the person who adopts a model states where its file leaves it open, or wants otherwise. */
export interface ForeignOptions {
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly channels?: number | undefined;
  /** Name of the output with the scores. */
  readonly output?: string | undefined;
  readonly activation?: ForeignGraph['output']['activation'] | undefined;
  /** Name of a value [batch, features], or of a layer that yields one. */
  readonly embedding?: string | undefined;
  /** More than 256 outputs are accepted, because the wanted ones are mapped to findings by name. */
  readonly manyOutputsAreMapped?: boolean | undefined;
}

export interface InputSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A graph as its file describes it, before it has computed anything. */
export interface ForeignDraft {
  readonly graph: Omit<ForeignGraph, 'outputs'> & { readonly outputs?: number | undefined };
  readonly input: InputSize;
  /** Whether the outputs exclude each other (softmax). */
  readonly exclusive: boolean;
  /** Names of the outputs, where the file has them. */
  readonly labels?: readonly string[];
  readonly messages: readonly string[];
}

/** A classifier of others that was read and that has computed its first pictures. */
export interface ForeignModel {
  readonly graph: ForeignGraph;
  readonly input: InputSize;
  /** `one-of-many`: its outputs exclude each other (softmax). */
  readonly objective: 'several' | 'one-of-many';
  /** Names of the outputs as the publisher's files have them. */
  readonly labels?: readonly string[];
  /** What was found, a sentence each. */
  readonly messages: readonly string[];
}

const [minSide, maxSide] = [16, 4096];
const maxOutputs = 256;

/**
 * The size of the pictures that a network takes: what its file states, else what the options state.
 *
 * @param stated undefined where the file leaves a size open
 * @throws Error naming the option to set
 */
export function resolveInputSize(
  input: string,
  stated: Readonly<Record<keyof InputSize, number | undefined>>,
  options: ForeignOptions,
): InputSize {
  const size = (key: keyof InputSize): number => {
    const [own, given] = [stated[key], options[key]];
    const option = key === 'channels' ? '--channels' : '--size';
    if (own !== undefined && given !== undefined && own !== given)
      throw new Error(`input ${input}: expected the ${key} of the file, ${own}, found ${given} in ${option}; leave the option away`);
    const value = own ?? given;
    if (value === undefined) throw new Error(`input ${input}: expected a fixed ${key}, found one that the file leaves open; set ${option}`);
    return value;
  };
  const [channels, height, width] = [size('channels'), size('height'), size('width')];
  if (channels !== 1 && channels !== 3 && options.channels !== channels)
    throw new Error(
      `input ${input}: expected 1 or 3 channels, found ${channels}; a network whose channels are windows or slices of a CT needs --channels ${channels} and these settings`,
    );
  for (const [key, value] of [
    ['height', height],
    ['width', width],
  ] as const)
    if (value < minSide || value > maxSide)
      throw new Error(`input ${input}: expected a ${key} of ${minSide} to ${maxSide}, found ${value}`);
  return { channels, height, width };
}

/** @throws Error if the network tells more classes apart than any set of findings has */
export function checkOutputs(output: string, outputs: number, { manyOutputsAreMapped = false }: ForeignOptions): void {
  if (outputs <= maxOutputs || manyOutputsAreMapped) return;
  throw new Error(
    `output ${output}: expected findings, found ${outputs} classes${[1000, 1001, 21841, 21843].includes(outputs) ? ', those of ImageNet' : ''}; ` +
      'map the outputs that are findings with --map, or adopt the network trained on chest images',
  );
}
