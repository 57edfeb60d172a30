import { writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { loadConfigFile } from '../config-file.js';
import { loadConfig } from '../config.js';
import { lungTransforms, robustTransforms } from '../dataset/augmentation.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { splitExamples } from '../dataset/split.js';
import { openTestLock } from '../dataset/test-lock.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { silentLog } from '../log.js';
import { knownNetwork } from '../network/loadable-network.js';
import { architectureOf, type ArchitectureSpec } from '../network/architecture-spec.js';
import { initialWeights } from '../network/initial-weights.js';
import { networkPreset } from '../network/presets.js';
import type { Tensors } from '../network/safetensors.js';
import { transferWeights } from '../network/transfer-weights.js';
import type { InputSpecification } from '../registry/model-file.js';
import type { ModelVersion } from '../registry/model-version.js';
import { trainCandidate } from '../retraining/train-candidate.js';
import { fastaiRecipe, recipeSchema, type Recipe, type Stage } from '../training/recipe.js';
import { chosenModel, registryOf } from './chosen-model.js';
import { wholeNumberOption } from './number-options.js';
import { progressLine } from './progress-line.js';
import { importStarterSets, starterSeed, starterSource, starterSplit } from './starter-sets.js';
import { codeVersion, stopSignal, tellProgress } from './train.js';

export interface TrainStarterCommand {
  readonly data: string;
  readonly work: string;
  readonly use: string;
  readonly epochs: string;
  readonly leaveOut: readonly string[];
  readonly timeLimit?: string;
  readonly limit?: string;
  readonly size: string;
  readonly recipe?: string;
  readonly from?: string;
}

/**
 * `train-starter`: the small model that ships, by the pipeline that everybody has, from published sets of images laid out as folders
 * with `metadata.csv` and `images/`. One command; interrupted, the same command goes on. `--leave-out` trains without a source, for
 * the figure that counts.
 */
export async function trainStarter(options: TrainStarterCommand): Promise<void> {
  const kind = options.use === 'ct' ? 'ct' : 'xray';
  const config = loadConfig();
  const all = await importStarterSets(options.data, join(options.work, 'sets'));
  const { source, classes, guard } = starterSource(
    all,
    kind,
    options.limit === undefined ? Infinity : wholeNumberOption('--limit', options.limit, 50, 1e6),
  );
  const lock = await openTestLock(join(options.work, `test-lock-${kind}.json`), source.examples, {
    seed: starterSeed,
    share: 0.15,
    created: new Date().toISOString().slice(0, 10),
  });
  const settings = starterSplit(options.leaveOut);
  const split = splitExamples(source.examples, { ...settings, lock });
  const from = options.from === undefined ? undefined : await chosenModel(options.from, config);
  const side = wholeNumberOption('--size', options.size, 32, 1024);
  const input: InputSpecification = {
    width: side,
    height: side,
    channels: 1,
    resize: 'bilinear-antialias',
    normalization: 'per-image',
    ...(kind === 'ct' ? { window: { center: -600, width: 1500 } } : {}),
  };
  const architecture = networkPreset('starter', { inputChannels: 1, outputs: classes.length + 1, head: 'torchvision' });
  const initial = from
    ? startedFrom(from, architecture)
    : { tensors: initialWeights(architectureOf(architecture), starterSeed), parent: null };
  const recipe = recipeOf(options, kind, side);
  const name = [
    kind,
    ...options.leaveOut.map((one) => `without-${one}`),
    ...(options.recipe === undefined ? [] : [`recipe-${basename(options.recipe, '.json')}`]),
  ].join('-');
  const engine = await startEngine(engineOptionsOf(config, silentLog));
  const stop = stopSignal(options.timeLimit);
  const [reading, training] = [progressLine('reading pictures', false), progressLine('', false)];
  const print = (line: string): void => console.log(line);
  print(
    `${name}: ${(['train', 'validation', 'calibration', 'test', 'left-out', 'excluded'] as const).map((part) => `${part} ${split.parts.filter((one) => one === part).length}`).join(', ')}`,
  );
  try {
    const outcome = await trainCandidate({
      directory: join(options.work, 'runs', name),
      dataset: { name: 'published sets', source, split },
      classes: [...classes, guard],
      guardClass: guard,
      objective: 'several',
      labelRules: loadFindings(config.findingsFile).findings,
      kind,
      architecture,
      initial,
      input,
      ...(kind === 'ct' ? { study: { slices: 16, combine: 'mean-of-top', top: 4 } } : {}),
      recipe,
      cache: new PictureCache(join(options.work, 'cache'), input),
      engine,
      model: {
        name: 'orthanc-chest-ai starter',
        manufacturer: 'orthanc-chest-ai',
        license: 'research and demonstration only, not for diagnosis; the training pictures carry mixed licences',
        codeVersion: codeVersion(),
        settings: { split: settings },
      },
      clock: { now: () => new Date() },
      signal: stop.signal,
      onReading: reading.tell,
      onProgress: (progress) => tellProgress(progress, print, training, false),
    });
    for (const warning of outcome.warnings) print(`! ${warning}`);
    if (!outcome.finished) {
      print('Stopped; the same command goes on from there.');
      process.exitCode = 75;
      return;
    }
    // One model has both networks: that of the other kind stays as it is.
    const retained = kind === 'ct' && from?.networks.xray ? { xray: { keptFrom: from } } : {};
    const version = await registryOf(config).add({ ...outcome.candidate, networks: { ...retained, ...outcome.candidate.networks } });
    // where its figures are looked for
    await writeFile(join(options.work, 'runs', name, 'model-version'), `${resolve(version.directory)}\n`);
    console.log(JSON.stringify({ ...outcome.report, modelVersion: version.version }));
  } finally {
    stop.clear();
    await engine.close();
  }
}

/** The body of a model's X-ray network, with a head of its own. */
function startedFrom(from: ModelVersion, architecture: ArchitectureSpec): { readonly tensors: Tensors; readonly parent: string } {
  const served = from.networks.xray;
  if (!served) throw new Fault('model-invalid', `expected an X-ray network in ${from.version}, found none`);
  const fresh = initialWeights(architectureOf(architecture), starterSeed);
  const body = new Map([...knownNetwork(served.network, 'train-starter --from').tensors].filter(([name]) => !name.startsWith('fc.')));
  return { tensors: transferWeights(architectureOf(architecture), fresh, body, from.version).tensors, parent: from.version };
}

/**
 * The starter's, with what a file says otherwise: to try out what helps. Three quarters of the epochs on pictures of half the side,
 * which cost a quarter; then at full size at a lower rate.
 */
function recipeOf({ recipe: file, epochs }: TrainStarterCommand, kind: 'xray' | 'ct', side: number): Recipe {
  const all = wholeNumberOption('--epochs', epochs, 1, 500);
  const small = Math.floor((all * 3) / 4);
  const stages: readonly Stage[] = [
    ...(small > 0
      ? [{ what: 'all' as const, epochs: small, rate: 3e-3, firstRate: 3e-3, pixels: Math.max(32, Math.round(side / 2)) }]
      : []),
    { what: 'all', epochs: all - small, rate: small > 0 ? 1e-3 : 3e-3, firstRate: small > 0 ? 1e-3 : 3e-3 },
  ];
  const augmentation = kind === 'xray' ? { ...robustTransforms, pEqualise: 0.5, lungs: lungTransforms } : robustTransforms;
  const own: Recipe = {
    ...fastaiRecipe,
    seed: starterSeed,
    batch: 64,
    stages,
    weightDecay: 0.02,
    labelSmoothing: 0.02,
    balance: 'source-sampling',
    maxDraws: 4,
    augmentation,
  };
  if (file === undefined) return own;
  const changes = loadConfigFile(file, recipeSchema.partial());
  return recipeSchema.parse({ ...own, ...changes });
}
