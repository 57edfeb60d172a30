import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { picturesOfStudy } from './picture-key.js';
import { retrainedLines, retrainingFolders } from './retraining-folders.js';
import { parsePlan } from './retraining-plan.js';
import { eraseFromRuns } from './run-history.js';
import { countPicturesOfStudies, removePicturesOfStudies } from './training-pictures.js';

/** What a DATA_DIR contains of studies for retraining. */
export interface RetrainingFiles {
  readonly pictures: number;
  /** Runs that are planned, in progress or paused with an image or a label of the studies. */
  readonly runs: number;
  /** Labels of the last runs. */
  readonly labels: number;
  /** Findings of images that are remembered of runs. */
  readonly comparedImages: number;
}

interface Place {
  readonly dataDir: string;
}

/** @param studies Study Instance UIDs, or the names that changes have of erased studies */
export async function countInRetraining(place: Place, studies: readonly string[]): Promise<RetrainingFiles> {
  const isOne = isOneOf(studies);
  const counts = { pictures: await countPicturesOfStudies(place, studies), runs: 0, labels: 0, comparedImages: 0 };
  for (const line of retrainedLines(place)) {
    const { root, run } = retrainingFolders({ ...place, line });
    if (await runContains(run, isOne)) counts.runs++;
    counts.comparedImages += await eraseFromRuns({ ...place, line }, isOne, true);
    counts.labels += (await labelsIn(root)).filter((label) => isOne(studyOfLabel(label))).length;
  }
  return counts;
}

/**
 * Removes the pictures of studies, their labels among those of the last runs, and every run that was planned with them: a run in
 * progress ends, the next one is planned without them. May be repeated.
 */
export async function eraseFromRetraining(place: Place, studies: readonly string[]): Promise<RetrainingFiles> {
  const counts = await countInRetraining(place, studies);
  const isOne = isOneOf(studies);
  for (const line of retrainedLines(place)) {
    const { root, run } = retrainingFolders({ ...place, line });
    if (await runContains(run, isOne)) {
      // The plan first: a run in progress, also in another process, sees by it that it has to end (run-discarded.ts).
      await rm(join(run, 'plan.json'), { force: true });
      await rm(run, { recursive: true, force: true });
    }
    await eraseFromRuns({ ...place, line }, isOne);
    const labels = await labelsIn(root);
    const others = labels.filter((label) => !isOne(studyOfLabel(label)));
    if (others.length < labels.length) await writeFileAtomically(join(root, 'labels.json'), JSON.stringify(others));
  }
  await removePicturesOfStudies(place, studies);
  return counts;
}

function isOneOf(studies: readonly string[]): (studyInstanceUID: string) => boolean {
  const beginnings = new Set(studies.map(picturesOfStudy));
  return (studyInstanceUID) => beginnings.has(picturesOfStudy(studyInstanceUID));
}

async function runContains(run: string, isOne: (studyInstanceUID: string) => boolean): Promise<boolean> {
  const text = await readFile(join(run, 'plan.json'), 'utf8').catch(() => undefined);
  const images = (text === undefined ? undefined : parsePlan(text))?.images ?? [];
  return images.some((image) => isOne(image.studyInstanceUID)) || (await labelsIn(run)).some((label) => isOne(studyOfLabel(label)));
}

/** "study finding decision", as plan-retraining.ts writes it. */
async function labelsIn(folder: string): Promise<readonly string[]> {
  try {
    const labels: unknown = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8'));
    return Array.isArray(labels) ? labels.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

const studyOfLabel = (label: string): string => label.split(' ')[0]!;
