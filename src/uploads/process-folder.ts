import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { identifyProcess, isSameProcessRunning, type ProcessIdentity } from '../lib/process-identity.js';

/** An upload is looked at for minutes; of a process in another container nobody here knows whether it still runs. */
const maxUseMs = 24 * 3_600_000;

/** The folder for this process's uploads below `root`. Processes may share a DATA_DIR: none touches the uploads of another that runs. */
export function uploadFolder(root: string): string {
  return join(root, folderName(identifyProcess()));
}

function folderName({ pid, startedAt, host }: ProcessIdentity): string {
  return `${pid}-${startedAt || 0}-${hostMark(host)}`;
}

function hostMark(host: string): string {
  return createHash('sha256').update(host).digest('hex').slice(0, 12);
}

/** At start: removes what processes that have ended had in use. The sender still has the file. */
export async function removeAbandonedUploads(root: string): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    if (await isAbandoned(join(root, name), name)) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const own = identifyProcess();
  if (name === folderName(own)) return false;
  const [, pid, startedAt, mark] = /^(\d+)-(\d+)-([0-9a-f]{12})$/.exec(name) ?? [];
  if (mark === hostMark(own.host))
    return !isSameProcessRunning({ pid: Number(pid), startedAt: startedAt === '0' ? '' : startedAt!, host: own.host });
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  // Without such a name: a file of release 0.2.0, which put them all in one folder.
  return age > maxUseMs;
}
