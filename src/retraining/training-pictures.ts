import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pictureKeyOf, picturesOfStudy, type PlannedPicture } from './picture-key.js';
import { retrainedLines, retrainingFolders, type RetrainingPlace } from './retraining-folders.js';

/** Removes the training pictures of studies, in every size and of every model line. */
export async function removePicturesOfStudies(
  { dataDir }: { readonly dataDir: string },
  studyInstanceUIDs: readonly string[],
): Promise<void> {
  const beginnings = new Set(studyInstanceUIDs.map(picturesOfStudy));
  for (const line of retrainedLines({ dataDir }))
    await removeWhere(retrainingFolders({ dataDir, line }).pictures, (name) => beginnings.has(beginningOf(name)));
}

export async function countPicturesOfStudies(
  { dataDir }: { readonly dataDir: string },
  studyInstanceUIDs: readonly string[],
): Promise<number> {
  const beginnings = new Set(studyInstanceUIDs.map(picturesOfStudy));
  let count = 0;
  for (const line of retrainedLines({ dataDir }))
    count += (await filesIn(retrainingFolders({ dataDir, line }).pictures, (name) => beginnings.has(beginningOf(name)))).length;
  return count;
}

/** @returns how many files there were */
export async function removeAllPictures({ dataDir }: { readonly dataDir: string }): Promise<number> {
  let removed = 0;
  for (const line of retrainedLines({ dataDir })) removed += await removeWhere(retrainingFolders({ dataDir, line }).pictures, () => true);
  return removed;
}

/** Of the name of a picture: what all pictures of its study have in common. */
const beginningOf = (name: string): string => name.slice(0, name.indexOf('-') + 1);

/** Removes all training pictures except those of these images: pictures of deleted studies, of images that are no longer labelled, and of earlier releases. */
export async function pruneTrainingPictures(settings: RetrainingPlace, images: readonly PlannedPicture[]): Promise<number> {
  const keys = new Set(images.map(pictureKeyOf));
  return removeWhere(retrainingFolders(settings).pictures, (name) => !keys.has(name.split('.')[0]!));
}

/** @returns how many files were removed */
async function removeWhere(folder: string, isUnwanted: (name: string) => boolean): Promise<number> {
  const unwanted = await filesIn(folder, isUnwanted);
  for (const one of unwanted) await rm(one, { force: true });
  return unwanted.length;
}

async function filesIn(folder: string, isWanted: (name: string) => boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((one) => one.isFile() && isWanted(one.name)).map((one) => join(one.parentPath, one.name));
}
