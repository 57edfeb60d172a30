import { join } from 'node:path';
import type { Config } from '../config.js';

/** Below DATA_DIR/night: the run under way, pictures of labelled images, the lock of the test set, the key of patients. */
export function retrainingFolders({ dataDir }: Pick<Config, 'dataDir'>): {
  readonly root: string;
  readonly run: string;
  readonly pictures: string;
} {
  const root = join(dataDir, 'night');
  return { root, run: join(root, 'run'), pictures: join(root, 'pictures') };
}
