import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Config } from '../config.js';
import { fastaiTransforms, noTransforms, robustTransforms } from '../dataset/augmentation.js';
import type { ExampleSource } from '../dataset/example.js';
import { manifestName, openDatasetFolder } from '../dataset/manifest.js';
import { mergeSources } from '../dataset/merge-sources.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { splitExamples, type Split } from '../dataset/split.js';
import { openTestLock, readTestLock, type TestLock } from '../dataset/test-lock.js';
import { machineMemory } from '../engine/machine-memory.js';
import { Fault } from '../errors.js';
import { knownNetwork } from '../network/loadable-network.js';
import { architectureOf, type ArchitectureSpec } from '../network/architecture-spec.js';
import { checkClasses } from '../network/check-classes.js';
import { initialWeights } from '../network/initial-weights.js';
import { networkPreset, networkPresets, type NetworkPreset } from '../network/presets.js';
import { publishedWeights } from '../network/published-weights.js';
import type { Tensors } from '../network/safetensors.js';
import { transferWeights } from '../network/transfer-weights.js';
import { readStoredWeights } from '../registry/stored-weights.js';
import type { InputSpecification } from '../registry/model-file.js';
import type { ModelVersion } from '../registry/model-version.js';
import { batchByMemory } from '../training/batch-by-memory.js';
import { fastaiRecipe, recipeSchema, type Recipe, type Stage } from '../training/recipe.js';
import { chosenModel } from './chosen-model.js';
import { listOf } from './dataset.js';
import { numberOption, wholeNumberOption } from './number-options.js';

/** Options that `train` and `lr-find` share, as the command line gives them. */
export interface TrainingOptions {
  readonly dataset: readonly string[];
  readonly network?: string;
  readonly head?: string;
  readonly weights?: string;
  readonly from?: string;
  readonly channels?: string;
  readonly size: string;
  readonly classes?: string;
  readonly objective?: string;
  readonly use: string;
  readonly epochsFrozen?: string;
  readonly epochs: string;
  readonly learningRateFrozen: string;
  readonly learningRate: string;
  readonly learningRateFirst?: string;
  readonly frozen: string;
  readonly batchSize?: string;
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
export interface PlannedTraining {
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
  /** Why the batch is what it is, where memory decided; undefined if it was given. */
  readonly batchBy?: string;
  readonly cache: PictureCache;
}

/** What is tried without `--batch-size`, where memory allows it. */
const maxBatch = 16;

/**
 * @param stages those that memory has to suffice for; of the recipe if not given
 * @throws Fault request-invalid, dataset-invalid, model-invalid
 */
export async function planTraining(
  options: TrainingOptions,
  config: Config,
  today: string,
  stages?: readonly Pick<Stage, 'what'>[],
): Promise<PlannedTraining> {
  const given = recipeOfOptions(options);
  const { source, name, sha256 } = await openSources(options);
  const objective = oneOf('--objective', options.objective ?? source.kind, ['one-of-many', 'several'] as const);
  const kind = oneOf('--use', options.use, ['xray', 'ct'] as const);
  const from = options.from === undefined ? undefined : await chosenModel(options.from, config);
  const classes = classesOf(options, source, from, kind);
  if (classes.length < (objective === 'several' ? 1 : 2))
    throw new Fault('dataset-invalid', `expected at least two classes, found ${classes.join(', ') || 'none'}`, {
      source: options.dataset[0]!,
    });
  const lock = await lockOf(options, source, given.seed, today);
  const splitSettings = {
    seed: given.seed,
    shares: {
      validation: numberOption('--validation', options.validation, 0.01, 0.9),
      calibration: numberOption('--calibration', options.calibration, 0, 0.5),
    },
    unit: options.byFile ? ('file' as const) : ('patient' as const),
    leaveOut: options.leaveOut,
  };
  const split = splitExamples(source.examples, { ...splitSettings, lock });
  const network = from ? networkOfModel(from, classes, given.seed, kind) : await networkOf(options, config, classes, given.seed);
  const byMemory =
    options.batchSize === undefined
      ? batchByMemory(architectureOf(network.architecture), stages ?? given.stages, network.input, machineMemory(), maxBatch)
      : undefined;
  const recipe: Recipe = byMemory ? { ...given, batch: byMemory.batch } : given;
  const cache = new PictureCache(join(options.dataset[0]!, '.cache'), network.input);
  return {
    source,
    name,
    sha256,
    split,
    splitSettings: { ...splitSettings, ...(lock ? { lock: lock.checksum } : {}) },
    classes,
    objective,
    kind,
    ...network,
    recipe,
    ...(byMemory ? { batchBy: byMemory.why } : {}),
    cache,
  };
}

async function openSources({ dataset, classes }: TrainingOptions): Promise<{ source: ExampleSource; name: string; sha256: string }> {
  const sources = await Promise.all(dataset.map((directory) => openDatasetFolder(directory)));
  const hash = createHash('sha256');
  for (const directory of dataset) hash.update(await readFile(join(directory, manifestName)));
  return {
    source: mergeSources(sources, { unknownElsewhere: classes === undefined }),
    name: dataset.map((one) => basename(resolve(one))).join(' + '),
    sha256: hash.digest('hex'),
  };
}

/** `test-lock.json` of the first data set: created with `--test`, and used wherever it exists. */
async function lockOf(
  { dataset, test }: TrainingOptions,
  source: ExampleSource,
  seed: number,
  created: string,
): Promise<TestLock | undefined> {
  const path = join(dataset[0]!, 'test-lock.json');
  return test === undefined
    ? readTestLock(path)
    : openTestLock(path, source.examples, { seed, share: numberOption('--test', test, 0.01, 0.9), created });
}

/**
 * Those of `--classes`, else the data set's. With `--from` a model that has the same classes in another order determines the order, so
 * that its head can be trained further; `--classes` in another order is refused, because the outputs would be confused.
 */
function classesOf(
  options: TrainingOptions,
  source: ExampleSource,
  from: ModelVersion | undefined,
  kind: 'xray' | 'ct',
): readonly string[] {
  const wanted = listOf(options.classes);
  const classes = wanted ?? source.classes;
  const known = from?.networks[kind]?.outputs.map(({ name }) => name) ?? [];
  if ([...known].sort().join() !== [...classes].sort().join()) return classes;
  if (wanted) checkClasses(known, wanted, from!.version);
  return known;
}

type NetworkPlan = Pick<PlannedTraining, 'architecture' | 'initial' | 'input'>;

async function networkOf(options: TrainingOptions, config: Config, classes: readonly string[], seed: number): Promise<NetworkPlan> {
  const published = options.network === undefined ? networkOfWeights(options.weights) : undefined;
  const preset: NetworkPreset | undefined = published ? undefined : oneOf('--network', options.network ?? 'starter', networkPresets);
  const channels = Number(oneOf('--channels', options.channels ?? (options.weights === undefined ? '1' : '3'), ['1', '3'] as const));
  const side = wholeNumberOption('--size', options.size, 32, 1024);
  const head = oneOf('--head', options.head ?? (preset === 'starter' ? 'torchvision' : 'fastai'), ['torchvision', 'fastai'] as const);
  const ends = { inputChannels: channels, outputs: classes.length, head };
  const architecture = preset === undefined ? { ...published!, ...ends } : networkPreset(preset, ends);
  // published weights were trained on pictures normalised so, channel by channel; one channel has no such three
  const input: InputSpecification = {
    width: side,
    height: side,
    channels,
    resize: 'bilinear-antialias',
    normalization: options.weights === undefined || channels === 1 ? 'per-image' : 'imagenet',
  };
  const fresh = initialWeights(architectureOf(architecture), seed);
  if (options.weights === undefined) return { architecture, input, initial: { tensors: fresh, parent: null } };
  const stored = await readStoredWeights(options.weights, weightsFolder(config));
  const { tensors, adapted } = transferWeights(architectureOf(architecture), fresh, stored.tensors, options.weights);
  return { architecture, input, initial: { tensors, parent: null, startedFrom: [stored.origin, ...adapted].join('; ') } };
}

/** The network that published weights belong to, as they were published. @returns undefined for a file, or without weights */
export function networkOfWeights(weights: string | undefined): ArchitectureSpec | undefined {
  return publishedWeights.find(({ name }) => name === weights)?.spec;
}

/** The network of a model goes on learning; its head begins anew where the classes are others. */
function networkOfModel(version: ModelVersion, classes: readonly string[], seed: number, kind: 'xray' | 'ct'): NetworkPlan {
  const file = version.file.networks[kind];
  const served = version.networks[kind];
  if (!file || !served)
    throw new Fault('model-invalid', `expected a network for ${kind} in ${version.name} ${version.version}, found none`);
  const network = knownNetwork(served.network, 'training --from');
  const architecture: ArchitectureSpec = { ...file.architecture!, outputs: classes.length };
  const before = served.outputs.map((output) => output.name);
  const same = before.join() === classes.join();
  const fresh = initialWeights(architectureOf(architecture), seed);
  // a head of as many outputs with other meanings is no beginning
  const published = same ? network.tensors : new Map([...network.tensors].filter(([tensor]) => isBody(tensor, network.architecture)));
  const { tensors } = transferWeights(architectureOf(architecture), fresh, published, version.version);
  return { architecture, input: file.input, initial: { tensors, parent: version.version } };
}

function isBody(tensor: string, { layers, embedding }: ReturnType<typeof architectureOf>): boolean {
  const head = layers.slice(layers.findIndex(({ name }) => name === embedding) + 1);
  return !head.some(({ name }) => tensor.startsWith(`${name}.`));
}

/** The folder in which `weights fetch` stores pretrained weights. */
export function weightsFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'weights');
}

function recipeOfOptions(options: TrainingOptions): Recipe {
  const frozen = oneOf('--frozen', options.frozen, ['head', 'head-train-bn'] as const);
  // a body of random weights has no features worth training a head on
  const fromScratch = options.weights === undefined && options.from === undefined;
  const epochsFrozen = wholeNumberOption('--epochs-frozen', options.epochsFrozen ?? (fromScratch ? '0' : '6'), 0, 1000);
  const epochs = wholeNumberOption('--epochs', options.epochs, 0, 1000);
  const stages: Stage[] = [
    ...(epochsFrozen > 0
      ? [{ what: frozen, epochs: epochsFrozen, rate: numberOption('--learning-rate-frozen', options.learningRateFrozen, 1e-9, 10) }]
      : []),
    ...(epochs > 0
      ? [
          {
            what: 'all' as const,
            epochs,
            rate: numberOption('--learning-rate', options.learningRate, 1e-9, 10),
            ...(options.learningRateFirst === undefined
              ? {}
              : { firstRate: numberOption('--learning-rate-first', options.learningRateFirst, 1e-9, 10) }),
          },
        ]
      : []),
  ];
  if (stages.length === 0) throw new Fault('request-invalid', 'expected epochs to train, found --epochs-frozen 0 and --epochs 0');
  const transforms = { fastai: fastaiTransforms, robust: robustTransforms, none: noTransforms }[
    oneOf('--augment', options.augment, ['fastai', 'robust', 'none'] as const)
  ];
  return recipeSchema.parse({
    ...fastaiRecipe,
    seed: wholeNumberOption('--seed', options.seed, 0, 2 ** 31),
    batch: options.batchSize === undefined ? maxBatch : wholeNumberOption('--batch-size', options.batchSize, 2, 1024),
    stages,
    oneCycle: wholeNumberOption('--one-cycle', options.oneCycle, 1, 2),
    weightDecay: numberOption('--weight-decay', options.weightDecay, 0, 1),
    labelSmoothing: numberOption('--label-smoothing', options.labelSmoothing, 0, 0.5),
    balance: oneOf('--balance', options.balance, ['none', 'class-weights', 'class-sampling', 'source-sampling'] as const),
    augmentation: { ...transforms, flip: options.flip ? 0.5 : 0 },
  });
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new Fault('request-invalid', `expected ${option} as one of ${allowed.join(', ')}, found ${text}`);
  return found;
}
