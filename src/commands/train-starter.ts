import { writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { loadConfigFile } from '../config-file.js';
import { loadConfig } from '../config.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { splitExamples } from '../dataset/split.js';
import { openTestLock } from '../dataset/test-lock.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { startEngine } from '../engine/start-engine.js';
import { loadFindings } from '../findings-config.js';
import { silentLog } from '../log.js';
import { architectureOf, type ArchitectureSpec } from '../network/architecture-spec.js';
import { initialWeights } from '../network/initial-weights.js';
import { networkPreset } from '../network/presets.js';
import type { Tensors } from '../network/safetensors.js';
import { transferWeights } from '../network/transfer-weights.js';
import type { InputSpecification } from '../registry/model-file.js';
import { readStoredWeights } from '../registry/stored-weights.js';
import { trainCandidate } from '../retraining/train-candidate.js';
import { readRadiographIndex } from '../samples/radiographs.js';
import { recipeSchema, type Recipe } from '../training/recipe.js';
import { chosenModel, registryOf } from './chosen-model.js';
import { wholeNumberOption } from './number-options.js';
import { progressLine } from './progress-line.js';
import { ctRecipe, starterSeed, xrayRecipe } from './starter-recipe.js';
import { importStarterSets, starterSource, starterSplit } from './starter-sets.js';
import { weightsFolder } from './training-options.js';
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
  readonly seed?: string;
  readonly weights: string;
  readonly recipe?: string;
  readonly from?: string;
}

/** What the X-ray network begins with, unless `--weights none` says from scratch. */
export const publishedInitialization = 'google/efficientnet-lite0';

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
  const settings = starterSplit(
    options.leaveOut,
    (await readRadiographIndex()).radiographs.map(({ patient }) => patient),
  );
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
  const seed = options.seed === undefined ? starterSeed : wholeNumberOption('--seed', options.seed, 0, 2 ** 31 - 1);
  const recipe = recipeOf(options, kind, side, seed);
  const architecture = networkPreset(kind === 'xray' ? 'efficientnet-lite0' : 'starter', {
    inputChannels: 1,
    outputs: classes.length + 1,
    head: 'torchvision',
  });
  const initial = await startedFrom(architecture, seed, kind === 'xray' ? options.weights : 'none', weightsFolder(config));
  const name = [
    kind,
    ...options.leaveOut.map((one) => `without-${one}`),
    ...(options.recipe === undefined ? [] : [`recipe-${basename(options.recipe, '.json')}`]),
    ...(options.seed === undefined ? [] : [`seed-${seed}`]),
    ...(options.weights === publishedInitialization || kind === 'ct' ? [] : ['from-scratch']),
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
      halfPrecision: true,
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
    const other = kind === 'ct' ? 'xray' : 'ct';
    const retained = from?.networks[other] ? { [other]: { keptFrom: from } } : {};
    const version = await registryOf(config).add({ ...outcome.candidate, networks: { ...retained, ...outcome.candidate.networks } });
    // where its figures are looked for
    await writeFile(join(options.work, 'runs', name, 'model-version'), `${resolve(version.directory)}\n`);
    console.log(JSON.stringify({ ...outcome.report, modelVersion: version.version }));
  } finally {
    stop.clear();
    await engine.close();
  }
}

/** Published weights with a head of its own, or `none`: from scratch. */
async function startedFrom(
  architecture: ArchitectureSpec,
  seed: number,
  weights: string,
  folder: string,
): Promise<{ readonly tensors: Tensors; readonly parent: null; readonly startedFrom?: string }> {
  const fresh = initialWeights(architectureOf(architecture), seed);
  if (weights === 'none') return { tensors: fresh, parent: null };
  const published = await readStoredWeights(weights, folder);
  const { tensors, adapted } = transferWeights(architectureOf(architecture), fresh, published.tensors, weights);
  return { tensors, parent: null, startedFrom: [published.origin, ...adapted].join('; ') };
}

/** The starter's, with what a file says otherwise: to try out what helps. */
function recipeOf({ recipe: file, epochs }: TrainStarterCommand, kind: 'xray' | 'ct', side: number, seed: number): Recipe {
  const all = wholeNumberOption('--epochs', epochs, 1, 500);
  const own = kind === 'xray' ? xrayRecipe(all, side, seed) : ctRecipe(all, side, seed);
  if (file === undefined) return own;
  const changes = loadConfigFile(file, recipeSchema.partial());
  return recipeSchema.parse({ ...own, ...changes });
}
