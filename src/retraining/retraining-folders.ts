import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLine } from '../lib/model-line.js';

/** Whose retraining: without a line, the default line's. */
export interface RetrainingPlace {
  readonly dataDir: string;
  readonly line?: string | undefined;
}

/**
 * Below DATA_DIR/retraining, or `lines/NAME` below it for another model line: the run in progress, pictures of labelled images, the
 * lock of the test set, the key of patients.
 */
export function retrainingFolders({ dataDir, line = defaultLine }: RetrainingPlace): {
  readonly root: string;
  readonly run: string;
  readonly pictures: string;
} {
  const root = line === defaultLine ? join(dataDir, 'retraining') : join(dataDir, 'retraining', 'lines', line);
  return { root, run: join(root, 'run'), pictures: join(root, 'pictures') };
}

/** The lines that have such a folder, also those that the settings no longer name. */
export function retrainedLines({ dataDir }: Pick<RetrainingPlace, 'dataDir'>): readonly string[] {
  try {
    return [defaultLine, ...readdirSync(join(dataDir, 'retraining', 'lines'))];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [defaultLine];
    throw error;
  }
}
