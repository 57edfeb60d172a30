import { fetchViewer } from '../server/viewer-files.js';
import { loadConfig } from '../config.js';
import { createLog } from '../log.js';

/** `viewer fetch`: OHIF's files from npm, once; the service serves them under /viewer from its next start. */
export async function fetchViewerFiles(): Promise<void> {
  const config = loadConfig();
  console.log(await fetchViewer(config.viewer.cache, createLog(config.log)));
}
