import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Config } from '../config.js';
import { fastaiTransforms, noTransforms, robustTransforms } from '../dataset/augmentation.js';
import type { ExampleSource } from '../dataset/example.js';
import { manifestName, openDatasetFolder } from '../dataset/manifest.js';
import { mergeSources } from '../dataset/merge-sources.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { splitExamples, type Split } from '../dataset/split.js';
import { openTestLock, readTestLock, type TestLock } from '../dataset/test-lock.js';
import { asFault, Fault } from '../errors.js';
import { architectureOf, type ArchitectureSpec } from '../network/architecture-spec.js';
import { initialWeights } from '../network/initial-weights.js';
import { networkPreset, networkPresets, type NetworkPreset } from '../network/presets.js';
import type { Tensors } from '../network/safetensors.js';
import { transferWeights } from '../network/transfer-weights.js';
import { readPublishedWeights } from '../network/weights-file.js';
import type { InputSpecification } from '../registry/model-file.js';
import { fastaiRecipe, recipeSchema, type Recipe, type Stage } from '../training/recipe.js';
import { chosenModel } from './chosen-model.js';
import { listOf } from './dataset.js';

/** Options that `train` and `lr-find` share, as the command line gives them. */
export interface TrainingOptions {
  readonly dataset: readonly string[];
  readonly network: string;
  readonly head?: string;
  readonly weights?: string;
  readonly from?: string;
  readonly size: string;
  readonly classes?: string;
  readonly objective?: string;
  readonly use: string;
  readonly epochsFrozen?: string;
  readonly epochs: string;
  readonly rateFrozen: string;
  readonly rate: string;
  readonly firstRate?: string;
  readonly frozen: string;
  readonly batch: string;
  readonly seed: string;
  readonly oneCycle: string;
  readonly balance: string;
  readonly weightDecay: string;
  readonly labelSmoothing: string;
  readonly flip: boolean;
  readonly augment: string;
  readonly validation: string;
  readonly calibration: string;
  readonly test?: string;
  readonly byFile: boolean;
  readonly leaveOut: readonly string[];
}

/** What comes of them: everything but the engine. */
export interface TrainingPlan {
  readonly source: ExampleSource;
  readonly name: string;
  readonly sha256: string;
  readonly split: Split;
  readonly splitSettings: Readonly<Record<string, unknown>>;
  readonly classes: readonly string[];
  readonly objective: 'one-of-many' | 'several';
  readonly kind: 'xray' | 'ct';
  readonly architecture: ArchitectureSpec;
  readonly initial: { readonly tensors: Tensors; readonly parent: string | null; readonly startedFrom?: string };
  readonly input: InputSpecification;
  readonly recipe: Recipe;
  readonly cache: PictureCache;
}

/** @throws Fault request-invalid, dataset-invalid, model-invalid */
export async function planTraining(options: TrainingOptions, config: Config, today: string): Promise<TrainingPlan> {
  const recipe = recipeOf(options);
  const { source, name, sha256 } = await openSources(options);
  const objective = oneOf('--objective', options.objective ?? source.kind, ['one-of-many', 'several'] as const);
  const classes = listOf(options.classes) ?? source.classes;
  if (classes.length < (objective === 'several' ? 1 : 2)) throw new Fault('dataset-invalid', `expected at least two classes, found ${classes.join(', ') || 'none'}`, { source: options.dataset[0]! });
  const lock = await lockOf(options, source, recipe.seed, today);
  const splitSettings = {
    seed: recipe.seed,
    shares: { validation: numberOf('--validation', options.validation, 0.01, 0.9), calibration: numberOf('--calibration', options.calibration, 0, 0.5) },
    unit: options.byFile ? ('file' as const) : ('patient' as const),
    leaveOut: options.leaveOut,
  };
  const split = splitExamples(source.examples, { ...splitSettings, lock });
  const kind = oneOf('--use', options.use, ['xray', 'ct'] as const);
  const network = await networkOf(options, config, classes, recipe.seed, kind);
  const cache = new PictureCache(join(options.dataset[0]!, '.cache'), network.input);
  return { source, name, sha256, split, splitSettings: { ...splitSettings, ...(lock ? { lock: lock.checksum } : {}) }, classes, objective, kind, ...network, recipe, cache };
}

async function openSources({ dataset, classes }: TrainingOptions): Promise<{ source: ExampleSource; name: string; sha256: string }> {
  const sources = await Promise.all(dataset.map((directory) => openDatasetFolder(directory)));
  const hash = createHash('sha256');
  for (const directory of dataset) hash.update(await readFile(join(directory, manifestName)));
  return { source: mergeSources(sources, { unknownElsewhere: classes === undefined }), name: dataset.map((one) => basename(resolve(one))).join(' + '), sha256: hash.digest('hex') };
}

/** `test-lock.json` of the first data set: made where `--test` asks for it, kept to wherever it is. */
async function lockOf({ dataset, test }: TrainingOptions, source: ExampleSource, seed: number, created: string): Promise<TestLock | undefined> {
  const path = join(dataset[0]!, 'test-lock.json');
  return test === undefined ? readTestLock(path) : openTestLock(path, source.examples, { seed, share: numberOf('--test', test, 0.01, 0.9), created });
}

type NetworkPlan = Pick<TrainingPlan, 'architecture' | 'initial' | 'input'>;

async function networkOf(options: TrainingOptions, config: Config, classes: readonly string[], seed: number, kind: 'xray' | 'ct'): Promise<NetworkPlan> {
  if (options.from !== undefined) return networkOfModel(options.from, config, classes, seed, kind);
  const preset: NetworkPreset = oneOf('--network', options.network, networkPresets);
  const channels = options.weights === undefined ? 1 : 3;
  const side = wholeOf('--size', options.size, 32, 1024);
  const head = oneOf('--head', options.head ?? (preset === 'starter' ? 'torchvision' : 'fastai'), ['torchvision', 'fastai'] as const);
  const architecture = networkPreset(preset, { inputChannels: channels, outputs: classes.length, head });
  // published weights were trained on pictures normalised so
  const input: InputSpecification = { width: side, height: side, channels, resize: 'bilinear-antialias', normalization: options.weights === undefined ? 'per-image' : 'imagenet' };
  const fresh = initialWeights(architectureOf(architecture), seed);
  if (options.weights === undefined) return { architecture, input, initial: { tensors: fresh, parent: null } };
  const published = await readWeights(options.weights);
  const { tensors } = transferWeights(architectureOf(architecture), fresh, published.tensors, options.weights);
  return { architecture, input, initial: { tensors, parent: null, startedFrom: `${basename(options.weights)} (sha256 ${published.sha256.slice(0, 12)})` } };
}

/** The network of a model goes on learning; its head begins anew where the classes are others. */
async function networkOfModel(name: string, config: Config, classes: readonly string[], seed: number, kind: 'xray' | 'ct'): Promise<NetworkPlan> {
  const version = await chosenModel(name, config);
  const file = version.file.networks[kind];
  const served = version.networks[kind];
  if (!file || !served) throw new Fault('model-invalid', `expected a network for ${kind} in ${version.name} ${version.version}, found none`);
  const architecture: ArchitectureSpec = { ...file.architecture, outputs: classes.length };
  const before = served.outputs.map((output) => output.name);
  const same = before.join() === classes.join();
  const fresh = initialWeights(architectureOf(architecture), seed);
  // a head of as many outputs with other meanings is no beginning
  const published = same ? served.network.tensors : new Map([...served.network.tensors].filter(([tensor]) => isBody(tensor, served.network.architecture)));
  const { tensors } = transferWeights(architectureOf(architecture), fresh, published, version.version);
  return { architecture, input: file.input, initial: { tensors, parent: version.version } };
}

function isBody(tensor: string, { layers, embedding }: ReturnType<typeof architectureOf>): boolean {
  const head = layers.slice(layers.findIndex(({ name }) => name === embedding) + 1);
  return !head.some(({ name }) => tensor.startsWith(`${name}.`));
}

async function readWeights(path: string): Promise<{ tensors: Tensors; sha256: string }> {
  await stat(path).catch((error: unknown) => Promise.reject(asFault(error, 'model-invalid', { source: path })));
  const bytes = await readFile(path);
  return { tensors: readPublishedWeights(bytes, path), sha256: createHash('sha256').update(bytes).digest('hex') };
}

export function recipeOf(options: TrainingOptions): Recipe {
  const frozen = oneOf('--frozen', options.frozen, ['head', 'head-train-bn'] as const);
  // a body of random weights has no features worth training a head on
  const fromScratch = options.weights === undefined && options.from === undefined;
  const epochsFrozen = wholeOf('--epochs-frozen', options.epochsFrozen ?? (fromScratch ? '0' : '6'), 0, 1000);
  const epochs = wholeOf('--epochs', options.epochs, 0, 1000);
  const stages: Stage[] = [
    ...(epochsFrozen > 0 ? [{ what: frozen, epochs: epochsFrozen, rate: numberOf('--rate-frozen', options.rateFrozen, 1e-9, 10) }] : []),
    ...(epochs > 0 ? [{ what: 'all' as const, epochs, rate: numberOf('--rate', options.rate, 1e-9, 10), ...(options.firstRate === undefined ? {} : { firstRate: numberOf('--first-rate', options.firstRate, 1e-9, 10) }) }] : []),
  ];
  if (stages.length === 0) throw new Fault('request-invalid', 'expected epochs to train, found --epochs-frozen 0 and --epochs 0');
  const transforms = { fastai: fastaiTransforms, robust: robustTransforms, none: noTransforms }[oneOf('--augment', options.augment, ['fastai', 'robust', 'none'] as const)];
  return recipeSchema.parse({
    ...fastaiRecipe,
    seed: wholeOf('--seed', options.seed, 0, 2 ** 31),
    batch: wholeOf('--batch', options.batch, 2, 1024),
    stages,
    oneCycle: wholeOf('--one-cycle', options.oneCycle, 1, 2),
    weightDecay: numberOf('--weight-decay', options.weightDecay, 0, 1),
    labelSmoothing: numberOf('--label-smoothing', options.labelSmoothing, 0, 0.5),
    balance: oneOf('--balance', options.balance, ['none', 'class-weights', 'class-sampling', 'source-sampling'] as const),
    augmentation: { ...transforms, flip: options.flip ? 0.5 : 0 },
  });
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new Fault('request-invalid', `expected ${option} as one of ${allowed.join(', ')}, found ${text}`);
  return found;
}

function wholeOf(option: string, text: string, least: number, most: number): number {
  const value = numberOf(option, text, least, most);
  if (!Number.isInteger(value)) throw new Fault('request-invalid', `expected ${option} as a whole number, found ${text}`);
  return value;
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) throw new Fault('request-invalid', `expected ${option} as a number from ${least} to ${most}, found ${text}`);
  return value;
}
