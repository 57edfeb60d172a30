import { loadConfig } from '../../src/config.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { fetchViewer } from '../../src/server/viewer-files.js';

/** Why OHIF is not there and cannot be fetched; undefined if it is there. */
export async function viewerMissing(): Promise<string | undefined> {
  try {
    await fetchViewer(loadConfig({}).viewer.cache, silentLog);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return `OHIF cannot be fetched: ${error.detail}`;
    throw error;
  }
}
