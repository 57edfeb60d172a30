import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pictureKeyOf, picturesOfStudy, type PlannedPicture } from './picture-key.js';
import { retrainingFolders } from './retraining-folders.js';

/** Removes the training pictures of studies, in every size. */
export async function removePicturesOfStudies(settings: { readonly dataDir: string }, studyInstanceUIDs: readonly string[]): Promise<void> {
  const beginnings = new Set(studyInstanceUIDs.map(picturesOfStudy));
  await removeWhere(retrainingFolders(settings).pictures, (name) => beginnings.has(beginningOf(name)));
}

export function removeAllPictures(settings: { readonly dataDir: string }): Promise<number> {
  return removeWhere(retrainingFolders(settings).pictures, () => true);
}

/** Of the name of a picture: what all pictures of its study have in common. */
const beginningOf = (name: string): string => name.slice(0, name.indexOf('-') + 1);

/** Removes all training pictures except those of these images: pictures of deleted studies, of images that are no longer labelled, and of earlier releases. */
export async function pruneTrainingPictures(settings: { readonly dataDir: string }, images: readonly PlannedPicture[]): Promise<number> {
  const keys = new Set(images.map(pictureKeyOf));
  return removeWhere(retrainingFolders(settings).pictures, (name) => !keys.has(name.split('.')[0]!));
}

/** @returns how many files were removed */
async function removeWhere(folder: string, isUnwanted: (name: string) => boolean): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const unwanted = entries.filter((one) => one.isFile() && isUnwanted(one.name));
  for (const one of unwanted) await rm(join(one.parentPath, one.name), { force: true });
  return unwanted.length;
}
