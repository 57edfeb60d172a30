import { join } from 'node:path';

/** Below DATA_DIR/retraining: the run in progress, pictures of labelled images, the lock of the test set, the key of patients. */
export function retrainingFolders({ dataDir }: { readonly dataDir: string }): {
  readonly root: string;
  readonly run: string;
  readonly pictures: string;
} {
  const root = join(dataDir, 'retraining');
  return { root, run: join(root, 'run'), pictures: join(root, 'pictures') };
}
