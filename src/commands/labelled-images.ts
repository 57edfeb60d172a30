import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Example, ExampleSource } from '../dataset/example.js';
import { kindOf } from '../dataset/finding-labels.js';
import { manifestName, openDatasetFolder } from '../dataset/manifest.js';
import { readMetadataCsv } from '../dataset/metadata-csv.js';
import { readPartsFile } from '../dataset/parts-file.js';
import { statementsOf } from '../dataset/row-statements.js';
import { readExamplePicture } from '../dataset/read-picture.js';
import { isLocked, readTestLock } from '../dataset/test-lock.js';
import { asFault, Fault } from '../errors.js';
import { openLabelledFolder } from './labelled-folder.js';

/** Labelled images under a name. */
export interface LabelledImages extends ExampleSource {
  readonly name: string;
}

/**
 * What `evaluate --dataset` names: a data set that `dataset import` made; a folder with metadata.csv and images/ as it was
 * published, read in place; or a folder with a folder of pictures for each label.
 *
 * @param lockFile only the patients of this locked test set
 * @param used only images that a training run used so: its parts.jsonl, and the part
 * @throws Fault dataset-invalid
 */
export async function openLabelledImages(
  directory: string,
  lockFile?: string,
  used?: { readonly file: string; readonly part: string },
): Promise<LabelledImages> {
  const source = used ? await onlyPart(await openSource(directory), used, directory) : await openSource(directory);
  const name = basename(resolve(directory));
  if (lockFile === undefined) return { ...source, name };
  const lock = await readTestLock(lockFile);
  if (!lock) throw new Fault('dataset-invalid', 'expected a test lock, found no file', { source: lockFile });
  const examples = source.examples.filter(({ patient }) => isLocked(lock, patient));
  if (examples.length === 0)
    throw new Fault('dataset-invalid', `expected patients of the test lock among ${source.examples.length} images, found none`, {
      source: directory,
    });
  return { ...source, examples, name };
}

async function onlyPart(
  source: ExampleSource,
  { file, part }: { readonly file: string; readonly part: string },
  directory: string,
): Promise<ExampleSource> {
  const known = await readPartsFile(file);
  const examples = source.examples.filter(({ key }) => known.get(key) === part);
  if (examples.length === 0)
    throw new Fault('dataset-invalid', `expected images that the run used for ${part}, found none among ${source.examples.length}`, {
      source: directory,
    });
  return { ...source, examples };
}

async function openSource(directory: string): Promise<ExampleSource> {
  if (await exists(join(directory, manifestName))) return openDatasetFolder(directory);
  if (await exists(join(directory, 'metadata.csv'))) return openPublishedFolder(directory);
  return openLabelledFolder(directory);
}

/** Rows without an image are passed over: `dataset import` is what reports them. */
async function openPublishedFolder(directory: string): Promise<ExampleSource> {
  const file = join(directory, 'metadata.csv');
  const { rows } = readMetadataCsv(await readFile(file), file);
  const kind = rows.some(({ absent }) => absent) ? 'several' : kindOf(rows.map(({ finding }) => finding));
  const from = basename(resolve(directory));
  const examples: Example[] = [];
  for (const row of rows) {
    const { filename, patient, view, source } = row;
    const statements = statementsOf(row, kind, file);
    if (statements === undefined || !(await exists(join(directory, 'images', filename)))) continue;
    examples.push({
      key: filename,
      file: filename,
      patient: `${source || from}/${patient || filename}`,
      source: source || from,
      view,
      ...statements,
    });
  }
  if (examples.length === 0)
    throw new Fault('dataset-invalid', `expected images of metadata.csv in images/, found none for ${rows.length} rows`, {
      source: directory,
    });
  return {
    kind,
    classes: [...new Set(examples.flatMap(({ labels, absent = [] }) => [...labels, ...absent]))].sort(),
    examples,
    picture: async ({ file: name }) => {
      const path = join(directory, 'images', name!);
      return readExamplePicture(
        await readFile(path).catch((error: unknown) => Promise.reject(asFault(error, 'image-unreadable', { source: path }))),
        path,
      );
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
