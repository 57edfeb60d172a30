import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Fault } from '../errors.js';
import type { Tensors } from '../network/safetensors.js';
import type { InputSpecification } from './input-file.js';
import { readTransforms, type BundleTransform } from './monai-transforms.js';

/** A 2-D classifier as a MONAI bundle describes it (docs.monai.io, "MONAI Bundle Specification"). */
export interface MonaiBundle {
  /** Path of models/model.pt. */
  readonly weights: string;
  /** Class of the network as the bundle names it, for example `DenseNet121`. */
  readonly architecture: string;
  readonly name: string;
  readonly outputs: number;
  readonly labels?: readonly string[];
  readonly input: InputSpecification;
  readonly activation: 'none' | 'sigmoid' | 'softmax';
  /** The network was trained on pictures with rows and columns exchanged: its kernels are to be exchanged, see `withTransposedKernels`. */
  readonly transposed: boolean;
  /** A sentence each, to print. */
  readonly messages: readonly string[];
}

const maxDescriptionBytes = 2 ** 20;

/** Whether a folder is a MONAI bundle. */
export async function isMonaiBundle(folder: string): Promise<boolean> {
  return (await lstat(join(folder, 'configs/metadata.json')).catch(() => undefined))?.isFile() ?? false;
}

/**
 * Reads the description of a bundle; nothing in it is executed, Python expressions are refused.
 *
 * @throws Fault 'model-invalid' naming file, place, what was expected and what to do
 */
export async function readMonaiBundle(folder: string): Promise<MonaiBundle> {
  const metadataPath = join(folder, 'configs/metadata.json');
  const metadata = await readDescription(metadataPath);
  const inferencePath = await inferenceIn(folder);
  const inference = await readDescription(inferencePath);
  const format = record(metadata['network_data_format']);
  const [image, ...others] = Object.values(record(format['inputs'])).map(record);
  const [scores] = Object.values(record(format['outputs'])).map(record);
  const inMetadata = (detail: string): never => refuse(detail, metadataPath);
  if (!image || others.length > 0)
    inMetadata(`network_data_format: expected one input, a picture, found ${image ? others.length + 1 : 'none'}`);
  const shape = list(image!['spatial_shape']);
  if (shape.length === 3)
    inMetadata(`network_data_format: expected a network for pictures, found the spatial shape ${JSON.stringify(shape)} of volumes`);
  const { outputs, labels } = outputsOf(scores ?? {}, inMetadata);
  return inFile(inferencePath, async () => {
    const resolve = resolver(inference);
    const network = record(resolve(inference['network_def'] ?? inference['network']));
    const preprocessing = record(resolve(inference['preprocessing']));
    const transforms = list(resolve(preprocessing['transforms'])).map((one) => resolved(record(resolve(one)), resolve));
    if (Number(resolve(network['spatial_dims'])) === 3)
      throw new Error('network_def: expected spatial_dims 2, found 3; only networks for single pictures are adopted');
    const { input, transposed, messages } = readTransforms(transforms);
    const channels = channelsOf(network, image!, resolve);
    return {
      weights: await weightsOf(folder),
      architecture: architectureOfTarget(network),
      name: String(metadata['name'] ?? 'MONAI bundle').slice(0, 64),
      outputs,
      ...(labels ? { labels } : {}),
      input: { ...input, channels },
      activation: activationOf(
        list(resolve(record(resolve(inference['postprocessing']))['transforms'])).map((one) => record(resolve(one))),
      ),
      transposed,
      messages: [
        ...messages,
        ...(transposed ? ['The network was trained on pictures with rows and columns exchanged: its kernels are exchanged instead.'] : []),
      ],
    };
  });
}

/**
 * The weights for pictures as they are, of a network that was trained with rows and columns exchanged: every kernel is exchanged. Its
 * scores stay the same, because strides, padding and pooling of the known networks are the same in both directions.
 */
export function withTransposedKernels(tensors: Tensors): Tensors {
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const [filters, channels, height, width] = tensor.shape as [number, number, number, number];
      if (tensor.shape.length !== 4 || height !== width || height === 1) return [name, tensor] as const;
      const data = new Float32Array(tensor.data.length);
      for (let kernel = 0; kernel < filters * channels; kernel++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) data[(kernel * height + y) * width + x] = tensor.data[(kernel * height + x) * width + y]!;
      return [name, { shape: tensor.shape, data }] as const;
    }),
  );
}

async function weightsOf(folder: string): Promise<string> {
  const path = join(folder, 'models/model.pt');
  const isFile = async (name: string): Promise<boolean> =>
    (await lstat(join(folder, 'models', name)).catch(() => undefined))?.isFile() ?? false;
  if (await isFile('model.pt')) return path;
  if (await isFile('model.ts'))
    return refuse(
      'expected models/model.pt with the weights, found only models/model.ts, which is TorchScript: a program; save its weights in Python: torch.save(torch.jit.load("models/model.ts").state_dict(), "models/model.pt")',
      path,
    );
  return refuse('expected models/model.pt with the weights, found none; copy it into the bundle', path);
}

function outputsOf(
  scores: Readonly<Record<string, unknown>>,
  refuseIt: (detail: string) => never,
): Pick<MonaiBundle, 'outputs' | 'labels'> {
  const { format, type } = scores;
  if (format === 'segmentation' || type === 'image')
    refuseIt(`network_data_format: expected scores for a picture, found the output ${String(format ?? type)}; adopt a classifier`);
  const names = record(scores['channel_def']);
  const labels = Object.keys(names)
    .sort((one, other) => Number(one) - Number(other))
    .map((key) => String(names[key]));
  const outputs = Number(scores['num_channels'] ?? list(scores['spatial_shape']).at(-1) ?? labels.length);
  if (!Number.isInteger(outputs) || outputs < 1)
    return refuseIt('network_data_format: expected num_channels of the output, found none; write it into the bundle');
  return { outputs, ...(labels.length === outputs ? { labels } : {}) };
}

function channelsOf(
  network: Readonly<Record<string, unknown>>,
  image: Readonly<Record<string, unknown>>,
  resolve: (value: unknown) => unknown,
): number {
  const channels = Number(resolve(network['in_channels'] ?? network['n_input_channels']) ?? image['num_channels']);
  if (channels === 1 || channels === 3) return channels;
  throw new Error(
    `network_def: expected 1 or 3 channels, found ${String(network['in_channels'] ?? image['num_channels'])}; set --channels`,
  );
}

function architectureOfTarget(network: Readonly<Record<string, unknown>>): string {
  const target = network['_target_'];
  if (typeof target !== 'string' || target === '') throw new Error('network_def: expected _target_, the class of the network, found none');
  if (!/^(monai\.networks\.nets\.|torchvision\.models\.)?\w+$/.test(target))
    throw new Error(
      `network_def: expected a network of MONAI or torchvision, found ${target.slice(0, 80)}, whose code is not in the bundle's description; export it as ONNX`,
    );
  return String(network['model_name'] ?? target.split('.').at(-1));
}

function activationOf(transforms: readonly Readonly<Record<string, unknown>>[]): MonaiBundle['activation'] {
  const found = transforms.find(({ _target_: target }) => /(^|\.)Activations(d|D|Dict)?$/.test(String(target)));
  if (found?.['softmax'] === true) return 'softmax';
  return found?.['sigmoid'] === true ? 'sigmoid' : 'none';
}

/** Follows `@name` and `@name::key` within a configuration; other text stays. @throws Error for what leads nowhere or in circles */
function resolver(root: Readonly<Record<string, unknown>>): (value: unknown) => unknown {
  const resolve = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'string' || !/^@[\w:#]+$/.test(value)) return value;
    if (depth > 16) throw new Error(`expected a value, found the reference ${value.slice(0, 60)} that goes in circles`);
    let at: unknown = root;
    for (const key of value.slice(1).split(/::|#/)) {
      at = resolve(at, depth + 1);
      at = Array.isArray(at) ? at[Number(key)] : Object.hasOwn(record(at), key) ? record(at)[key] : undefined;
    }
    if (at === undefined) throw new Error(`expected a value for the reference ${value.slice(0, 60)}, found none`);
    return resolve(at, depth + 1);
  };
  return (value) => resolve(value, 0);
}

function resolved(transform: BundleTransform, resolve: (value: unknown) => unknown): BundleTransform {
  return Object.fromEntries(Object.entries(transform).map(([key, value]) => [key, resolve(value)]));
}

/** configs/inference.json, or the same in YAML, as newer bundles have it. */
async function inferenceIn(folder: string): Promise<string> {
  const paths = ['json', 'yaml', 'yml'].map((ending) => join(folder, `configs/inference.${ending}`));
  for (const path of paths) if ((await lstat(path).catch(() => undefined))?.isFile()) return path;
  return paths[0]!;
}

/** JSON or, by the ending of the name, YAML, without types of its own. Aliases are limited: a few lines could name millions of values. */
async function readDescription(path: string): Promise<Readonly<Record<string, unknown>>> {
  const status = await lstat(path).catch(() => undefined);
  if (!status?.isFile()) return refuse('expected a file in JSON or YAML, found none', path);
  if (status.size > maxDescriptionBytes) return refuse(`expected at most ${maxDescriptionBytes} bytes, found ${status.size}`, path);
  const format = path.endsWith('.json') ? 'JSON' : 'YAML';
  try {
    const text = await readFile(path, 'utf8');
    return record(format === 'JSON' ? JSON.parse(text) : parse(text, { maxAliasCount: 50, logLevel: 'error' }));
  } catch (error) {
    return refuse(`expected ${format} (${error instanceof Error ? error.message : String(error)})`, path);
  }
}

async function inFile<Result>(source: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault) throw error;
    return refuse(error instanceof Error ? error.message : String(error), source);
  }
}

function refuse(detail: string, source: string): never {
  throw new Fault('model-invalid', detail, { source });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
