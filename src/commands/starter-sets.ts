import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText, parseCells } from '../dataset/csv-cells.js';
import type { Example, ExampleSource } from '../dataset/example.js';
import { withFullField } from '../dataset/full-field.js';
import { withGuardClass } from '../dataset/guard-class.js';
import { importDataset } from '../dataset/import-dataset.js';
import { manifestName, openDatasetFolder } from '../dataset/manifest.js';
import { mergeSources } from '../dataset/merge-sources.js';
import { keyedRandom, shuffled } from '../lib/seeded-random.js';
import { starterSeed } from './starter-recipe.js';
import { hasStatements, starterLabelList } from './starter-labels.js';
import type { SplitOptions } from '../dataset/split.js';
import { Fault } from '../errors.js';

const networks = {
  xray: {
    classes: ['abnormal', 'opacity', 'pleural-effusion', 'cardiomegaly', 'pneumothorax', 'atelectasis', 'lung-nodule-or-mass', 'covid-19'],
    guard: 'frontal-chest',
    isChest: (set: string, view: string) => !set.includes('-ct-') && !['l', 'ct', 'axial', 'other'].includes(view),
  },
  ct: { classes: ['covid-19'], guard: 'axial-chest', isChest: (set: string) => set.includes('-ct-') },
} as const;

export interface StarterSource {
  /** With the guard's class, look-alikes and pictures of other kinds. */
  readonly source: ExampleSource;
  /** The findings. */
  readonly classes: readonly string[];
  readonly guard: string;
}

/** The classes of one of the starter's networks and its training data. @param limit maximum number of images of its kind */
export function starterSource(all: ExampleSource, kind: 'xray' | 'ct', limit = Infinity): StarterSource {
  const { classes, guard, isChest } = networks[kind];
  const isOfKind = ({ source, view }: Example): boolean => isChest(source, view.toLowerCase());
  const few = all.examples.filter(isOfKind).slice(0, limit);
  const others = all.examples.filter((example) => !isOfKind(example));
  const chosen: ExampleSource = { ...all, kind: 'several', classes, examples: few };
  const chests = kind === 'ct' ? withFullField(chosen, starterSeed) : chosen;
  const otherImages: ExampleSource = {
    ...chosen,
    examples: shuffled(others, keyedRandom('others', starterSeed).next).slice(0, Math.ceil(chests.examples.length / 2)),
  };
  return { source: withGuardClass(chests, { name: guard, share: 0.5, seed: starterSeed, others: otherImages }), classes, guard };
}

/** @param exclude patients that are used for nothing: those of the demo's radiographs */
export function starterSplit(leaveOut: readonly string[], exclude: readonly string[] = []): Omit<SplitOptions, 'lock'> {
  return { seed: starterSeed, shares: { validation: 0.12, calibration: 0.12 }, leaveOut, exclude };
}

/** Every set of the folder, imported once; its own patients stay apart but for those of sets of one source. */
export async function importStarterSets(data: string, out: string): Promise<ExampleSource> {
  const sets = existsSync(data)
    ? readdirSync(data)
        .filter((set) => existsSync(join(data, set, 'metadata.csv')))
        .sort()
    : [];
  if (sets.length === 0) throw new Fault('dataset-invalid', 'expected folders with metadata.csv and images/, found none', { source: data });
  for (const set of sets) {
    if (existsSync(join(out, set, manifestName))) continue;
    console.log(`importing ${set}`);
    const images = join(data, set, 'images');
    if (hasStatements(set)) {
      const list = join(out, `${set}.csv`);
      await mkdir(out, { recursive: true });
      await writeFile(list, await starterLabelList(data, set));
      await importDataset({ metadata: list, images, out: join(out, set), source: set, kind: 'several' });
    } else await importDataset({ metadata: join(data, set, 'metadata.csv'), images, out: join(out, set) });
  }
  const bodies = await importOtherBodies(join(data, otherBodies), out);
  return mergeSources(await Promise.all([...sets, ...bodies].map((set) => openDatasetFolder(join(out, set)))), { unknownElsewhere: false });
}

/** A folder of DICOM files of all kinds, with an index.csv of `path`, `rows` and `chest`: what a guard must refuse. */
const otherBodies = 'dicom';

/** The files of WG04 are for the model card only: nothing is trained on them. @returns the data set's name, if there is one */
async function importOtherBodies(folder: string, out: string): Promise<readonly string[]> {
  const index = join(folder, 'index.csv');
  if (!existsSync(index)) return [];
  if (existsSync(join(out, otherBodies, manifestName))) return [otherBodies];
  const [heading, ...rows] = parseCells(decodeText(await readFile(index)).text, index);
  const place = (name: string): number => heading!.cells.indexOf(name);
  const usable = rows
    .map(({ cells }) => cells)
    .filter((cells) => cells[place('chest')] !== 'yes' && Number(cells[place('rows')]) >= 32 && !cells[place('path')]!.includes('WG04'));
  const list = join(out, `${otherBodies}.csv`);
  await mkdir(out, { recursive: true });
  await writeFile(list, `filename,finding,view\n${usable.map((cells) => `"${cells[place('path')]!}",other,other`).join('\n')}\n`);
  await importDataset({ metadata: list, images: folder, out: join(out, otherBodies), source: otherBodies });
  return [otherBodies];
}
