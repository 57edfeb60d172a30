import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, type Config } from '../config.js';
import type { ServerParts } from '../server/ports.js';
import { uploadFolder } from '../uploads/process-folder.js';
import { viewerDirectoryIn } from '../server/viewer-files.js';

/** What the server serves from disk: the page, the viewer, and where uploads lie. */
export function pageFilesOf(config: Config): Pick<ServerParts, 'pageDirectory' | 'guideDirectory' | 'viewer' | 'uploads'> {
  return {
    pageDirectory: join(projectRoot, 'dist/web'),
    guideDirectory: join(projectRoot, 'docs'),
    viewer: viewerOf(config),
    uploads: uploadsOf(config),
  };
}

function uploadsOf({ dataDir, uploads }: Config): ServerParts['uploads'] {
  return { directory: uploadFolder(uploadsRoot({ dataDir })), maxBytes: uploads.maxMegabytes * 2 ** 20 };
}

/** Below it each process has a folder of its own. */
export function uploadsRoot({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'uploads');
}

function viewerOf({ viewer }: Config): ServerParts['viewer'] {
  const directory = viewer.directory ?? viewerDirectoryIn(viewer.cache);
  return existsSync(join(directory, 'index.html'))
    ? { directory }
    : { why: `fetch it with: npm run chest-ai -- viewer fetch (expected index.html in ${directory})` };
}
