import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { asFault, Fault } from '../errors.js';
import type { GreyImage } from '../pixels/image.js';
import { readPicture } from '../pixels/picture.js';
import type { LabelledExample } from '../tasks/score-examples.js';

/** Labelled images and the way to their pixels. */
export interface LabelledImages {
  readonly name: string;
  readonly examples: readonly LabelledExample[];
  picture(example: LabelledExample): Promise<GreyImage>;
}

const pictures = new Set(['.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp']);

/** A folder with a folder for each label, as fastai's `from_folder` reads it; nobody says whose the images are. */
export async function openLabelledFolder(directory: string): Promise<LabelledImages> {
  const labels = (await readdir(directory, { withFileTypes: true }).catch((error: unknown) => Promise.reject(asFault(error, 'dataset-invalid', { source: directory })))).filter((entry) => entry.isDirectory());
  const examples: LabelledExample[] = [];
  for (const { name } of labels) {
    for (const file of (await readdir(join(directory, name))).sort()) {
      if (!pictures.has(extname(file).toLowerCase())) continue;
      const path = `${name}/${file}`;
      examples.push({ key: path, file: path, patient: path, source: '', view: '', labels: name === 'no-finding' || name === 'normal' ? [] : [name] });
    }
  }
  if (examples.length === 0) throw new Fault('dataset-invalid', 'expected a data set made by `dataset import`, or a folder with a folder of pictures for each label; found neither', { source: directory });
  return {
    name: directory.split('/').filter(Boolean).at(-1) ?? directory,
    examples,
    picture: async ({ file }) => {
      const path = join(directory, file!);
      return readPicture(await readFile(path).catch((error: unknown) => Promise.reject(asFault(error, 'image-unreadable', { source: path }))), path);
    },
  };
}
