import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../config.js';
import { robustTransforms } from '../dataset/augmentation.js';
import { decodeText, parseCells } from '../dataset/csv-cells.js';
import type { ExampleSource } from '../dataset/example.js';
import { withGuardClass } from '../dataset/guard-class.js';
import { importDataset } from '../dataset/import-dataset.js';
import { manifestName, openDatasetFolder } from '../dataset/manifest.js';
import { mergeSources } from '../dataset/merge-sources.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { drawsOf, shuffled } from '../dataset/random.js';
import { splitExamples } from '../dataset/split.js';
import { openTestLock } from '../dataset/test-lock.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { silentLog } from '../log.js';
import { architectureOf } from '../network/architecture-spec.js';
import { initialWeights } from '../network/initial-weights.js';
import { networkPreset } from '../network/presets.js';
import type { InputSpecification } from '../registry/model-file.js';
import { trainCandidate } from '../tasks/train-candidate.js';
import { fastaiRecipe, type Recipe } from '../training/recipe.js';
import { registryOf } from './chosen-model.js';
import { wholeNumber } from './dataset.js';
import { progressLine } from './progress-line.js';
import { codeVersion, stopSignal, tellProgress } from './train.js';

export interface TrainStarterCommand {
  readonly data: string;
  readonly work: string;
  readonly use: string;
  readonly epochs: string;
  readonly leaveOut: readonly string[];
  readonly timeLimit?: string;
  readonly limit?: string;
}

const seed = 20200315;
/** What the starter's networks say, and the sets that they learn from. */
const networks = {
  xray: { classes: ['pneumonia', 'covid-19'], guard: 'frontal-chest', isChest: (set: string, view: string) => !set.includes('-ct-') && !['l', 'ct', 'axial', 'other'].includes(view) },
  ct: { classes: ['covid-19'], guard: 'axial-chest', isChest: (set: string) => set.includes('-ct-') },
} as const;

/**
 * `train-starter`: the small model that ships, by the pipeline that everybody has, from published sets of images laid out as folders
 * with `metadata.csv` and `images/`. One command; interrupted, the same command goes on. `--leave-out` trains without a source, for
 * the figure that counts.
 */
export async function trainStarter(options: TrainStarterCommand): Promise<void> {
  const kind = options.use === 'ct' ? 'ct' : 'xray';
  const config = loadConfig();
  const all = await importSets(options.data, join(options.work, 'sets'));
  const { classes, guard, isChest } = networks[kind];
  const chosen = all.examples.filter(({ source, view }) => isChest(source, view.toLowerCase()));
  const few = options.limit === undefined ? chosen : chosen.slice(0, wholeNumber('--limit', options.limit, 50, 1e6));
  const others = all.examples.filter(({ source, view }) => !isChest(source, view.toLowerCase()));
  const chests: ExampleSource = { ...all, kind: 'several', classes, examples: few };
  const source = withGuardClass(chests, { name: guard, share: 0.5, seed, others: { ...chests, examples: shuffled(others, drawsOf('others', seed)).slice(0, Math.ceil(few.length / 2)) } });
  const lock = await openTestLock(join(options.work, `test-lock-${kind}.json`), source.examples, { seed, share: 0.15, created: new Date().toISOString().slice(0, 10) });
  const settings = { seed, shares: { validation: 0.12, calibration: 0.12 }, leaveOut: options.leaveOut };
  const split = splitExamples(source.examples, { ...settings, lock });
  const input: InputSpecification = { width: 192, height: 192, channels: 1, resize: 'bilinear-antialias', normalization: 'per-image' };
  const architecture = networkPreset('starter', { inputChannels: 1, outputs: classes.length + 1, head: 'torchvision' });
  const recipe: Recipe = { ...fastaiRecipe, seed, batch: 64, stages: [{ what: 'all', epochs: wholeNumber('--epochs', options.epochs, 1, 500), rate: 3e-3, firstRate: 3e-3 }], weightDecay: 0.02, labelSmoothing: 0.02, balance: 'source-sampling', augmentation: robustTransforms };
  const name = [kind, ...options.leaveOut.map((one) => `without-${one}`)].join('-');
  const engine = await startEngine({ prefer: config.engine.prefer, log: silentLog });
  const stop = stopSignal(options.timeLimit);
  const [reading, training] = [progressLine('reading pictures', false), progressLine('', false)];
  const say = (line: string): void => console.log(line);
  say(`${name}: ${(['train', 'validation', 'calibration', 'test', 'left-out', 'excluded'] as const).map((part) => `${part} ${split.parts.filter((one) => one === part).length}`).join(', ')}`);
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
      initial: { tensors: initialWeights(architectureOf(architecture), seed), parent: null },
      input,
      recipe,
      cache: new PictureCache(join(options.work, 'cache'), input),
      engine,
      model: { name: 'orthanc-chest-ai starter', manufacturer: 'orthanc-chest-ai', license: 'research and demonstration only, not for diagnosis; the training pictures carry mixed licences', codeVersion: codeVersion(), settings: { split: settings } },
      clock: { now: () => new Date() },
      signal: stop.signal,
      onReading: reading.tell,
      onProgress: (progress) => tellProgress(progress, say, training, false),
    });
    for (const warning of outcome.warnings) say(`! ${warning}`);
    if (!outcome.finished) {
      say('Stopped; the same command goes on from there.');
      process.exitCode = 75;
      return;
    }
    const version = await registryOf(config).add(outcome.candidate);
    console.log(JSON.stringify({ ...outcome.report, modelVersion: version.version }));
  } finally {
    stop.clear();
    await engine.close();
  }
}

/** Every set of the folder, imported once; its own patients stay apart but for those of sets of one source. */
async function importSets(data: string, out: string): Promise<ExampleSource> {
  const sets = existsSync(data) ? readdirSync(data).filter((set) => existsSync(join(data, set, 'metadata.csv'))).sort() : [];
  if (sets.length === 0) throw new Fault('dataset-invalid', 'expected folders with metadata.csv and images/, found none', { source: data });
  for (const set of sets) {
    if (existsSync(join(out, set, manifestName))) continue;
    console.log(`importing ${set}`);
    await importDataset({ metadata: join(data, set, 'metadata.csv'), images: join(data, set, 'images'), out: join(out, set) });
  }
  const bodies = await importOtherBodies(join(data, otherBodies), out);
  return mergeSources(await Promise.all([...sets, ...bodies].map((set) => openDatasetFolder(join(out, set)))), { unknownElsewhere: false });
}

/** A folder of DICOM files of all kinds, with an index.csv of `path`, `rows` and `chest`: what a guard must refuse. */
const otherBodies = 'dicom';

/** The files of WG04 are kept for the card: nothing is trained on them. @returns the data set's name, if there is one */
async function importOtherBodies(folder: string, out: string): Promise<readonly string[]> {
  const index = join(folder, 'index.csv');
  if (!existsSync(index)) return [];
  if (existsSync(join(out, otherBodies, manifestName))) return [otherBodies];
  const [heading, ...rows] = parseCells(decodeText(await readFile(index)).text, index);
  const place = (name: string): number => heading!.cells.indexOf(name);
  const usable = rows.map(({ cells }) => cells).filter((cells) => cells[place('chest')] !== 'yes' && Number(cells[place('rows')]) >= 32 && !cells[place('path')]!.includes('WG04'));
  const list = join(out, `${otherBodies}.csv`);
  await mkdir(out, { recursive: true });
  await writeFile(list, `filename,finding,view\n${usable.map((cells) => `"${cells[place('path')]!}",other,other`).join('\n')}\n`);
  await importDataset({ metadata: list, images: folder, out: join(out, otherBodies), source: otherBodies });
  return [otherBodies];
}
