import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { Log } from '../log.js';
import { isErasedName, type StudyChange, type StudyChanges } from '../store/study-changes.js';
import { eraseFromRetraining } from './erase-from-retraining.js';
import { retrainingFolders } from './retraining-folders.js';
import { picturesOfStudy } from './picture-key.js';
import { removeAllPictures, removePicturesOfStudies } from './training-pictures.js';

const pageSize = 1_000;

/** Up to which change this DATA_DIR follows the database; study and time recognise the change. */
const followed = z.object({ number: z.number().int().min(0), study: z.string(), changedAt: z.string() });
type Followed = z.infer<typeof followed>;

const beginning: Followed = { number: 0, study: '', changedAt: '' };

/**
 * Removes the training pictures of studies that changed or were deleted since the last call, and all that a retraining run has of erased
 * studies, whichever process learned of it, also
 * while this one was not running. If the database does not contain the change up to which this DATA_DIR followed it (an older copy was
 * restored, or it was long ago), all pictures are removed; the next retraining run makes them again.
 *
 * @returns whether there was anything to follow
 */
export async function followStudyChanges(
  settings: { readonly dataDir: string },
  changes: Pick<StudyChanges, 'after' | 'find' | 'newest'>,
  log: Log,
): Promise<boolean> {
  const position = await readPosition(settings);
  if (!(await isKnown(position, changes))) {
    const newest = await changes.newest();
    const removed = await removeAllPictures(settings);
    await writePosition(settings, newest);
    if (removed > 0) log.info('the database does not tell which studies changed; all training pictures were removed', { files: removed });
    return true;
  }
  let { number } = position;
  for (;;) {
    const page = await changes.after(number, pageSize);
    const last = page.at(-1);
    if (!last) return number !== position.number;
    await followPage(settings, page);
    await writePosition(settings, last);
    number = last.number;
  }
}

/** Follows the changes that are recorded from now on, for a retraining run: it may make a picture of a study after the others were removed. */
export async function changesFromNow({
  settings,
  studyChanges,
}: {
  readonly settings: { readonly dataDir: string };
  readonly studyChanges?: Pick<StudyChanges, 'newest' | 'after'> | undefined;
}): Promise<{ follow(): Promise<void> }> {
  const beginsAfter = (await studyChanges?.newest())?.number ?? 0;
  return {
    async follow() {
      for (let number = beginsAfter; ; ) {
        const page = (await studyChanges?.after(number, pageSize)) ?? [];
        if (page.length === 0) return;
        await followPage(settings, page);
        number = page.at(-1)!.number;
      }
    },
  };
}

async function followPage(settings: { readonly dataDir: string }, page: readonly StudyChange[]): Promise<void> {
  const studies = page.map((one) => one.studyInstanceUID);
  await removePicturesOfStudies(settings, studies);
  const erased = studies.filter(isErasedName);
  if (erased.length > 0) await eraseFromRetraining(settings, erased);
}

async function isKnown(position: Followed, changes: Pick<StudyChanges, 'find' | 'newest'>): Promise<boolean> {
  if (position.number === 0) return true;
  const row = await changes.find(position.number);
  return row !== undefined && sameChange(positionOf(row), position);
}

const sameChange = (one: Followed, other: Followed): boolean => one.study === other.study && one.changedAt === other.changedAt;

function positionOf(change: StudyChange | undefined): Followed {
  if (!change) return beginning;
  return {
    number: change.number,
    study: picturesOfStudy(change.studyInstanceUID),
    changedAt: change.changedAt.toISOString(),
  };
}

const fileOf = (settings: { readonly dataDir: string }): string => join(retrainingFolders(settings).root, 'study-changes.json');

/** A file that cannot be read counts as none: everything is followed from the beginning. */
async function readPosition(settings: { readonly dataDir: string }): Promise<Followed> {
  try {
    return followed.parse(JSON.parse(await readFile(fileOf(settings), 'utf8')));
  } catch {
    return beginning;
  }
}

async function writePosition(settings: { readonly dataDir: string }, change: StudyChange | undefined): Promise<void> {
  await mkdir(retrainingFolders(settings).root, { recursive: true, mode: 0o700 });
  await writeFileAtomically(fileOf(settings), JSON.stringify(positionOf(change)));
}
