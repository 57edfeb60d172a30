import type { Log } from '../log.js';
import { closeOpenFiles, createPrivateFilesOnly } from '../lib/private-files.js';

/** At start: what this process creates is for its own account, and what earlier releases left open to others is closed. */
export function closeDataDirectory(dataDir: string, log: Log): void {
  createPrivateFilesOnly();
  const { changed, failed } = closeOpenFiles(dataDir);
  if (changed > 0)
    log.warn('files and folders of DATA_DIR could be read by other accounts of this machine; their modes were changed', {
      directory: dataDir,
      changed,
    });
  if (failed.length > 0)
    log.error(
      'other accounts of this machine can read DATA_DIR, and the mode cannot be changed: run as root `chown -R` and `chmod -R go-rwx`',
      { directory: dataDir, count: failed.length, first: failed[0] },
    );
}
