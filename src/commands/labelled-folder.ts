import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Example, ExampleSource } from '../dataset/example.js';
import { readExamplePicture } from '../dataset/read-picture.js';
import { slugOf } from '../dataset/slug.js';
import { asFault, Fault } from '../errors.js';

const pictures = new Set(['.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp', '.dcm']);

/** A folder with a folder for each label, as fastai's `from_folder` reads it; it does not name the patients of the images. */
export async function openLabelledFolder(directory: string): Promise<ExampleSource> {
  const labels = (
    await readdir(directory, { withFileTypes: true }).catch((error: unknown) =>
      Promise.reject(asFault(error, 'dataset-invalid', { source: directory })),
    )
  ).filter((entry) => entry.isDirectory());
  const examples: Example[] = [];
  for (const { name } of labels) {
    for (const file of (await readdir(join(directory, name))).sort()) {
      if (!pictures.has(extname(file).toLowerCase())) continue;
      const path = `${name}/${file}`;
      examples.push({ key: path, file: path, patient: path, source: '', view: '', labels: [slugOf(name)] });
    }
  }
  if (examples.length === 0)
    throw new Fault(
      'dataset-invalid',
      'expected a data set made by `dataset import`, metadata.csv with images/, or a folder of pictures for each label; found none of them',
      { source: directory },
    );
  return {
    kind: 'one-of-many',
    classes: [...new Set(examples.flatMap((example) => example.labels))].sort(),
    examples,
    picture: async ({ file }) => {
      const path = join(directory, file!);
      return readExamplePicture(
        await readFile(path).catch((error: unknown) => Promise.reject(asFault(error, 'image-unreadable', { source: path }))),
        path,
      );
    },
  };
}
