import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import type { Log } from '../log.js';

/** Permission bits of group and others. DATA_DIR holds patients' images, password hashes and keys: no other account has access. */
const groupAndOthers = 0o077;

/**
 * What this program stores below DATA_DIR, under present and former names. The modes of these and of DATA_DIR itself are changed, and
 * no other, so that other content stays as it is if DATA_DIR names a home directory by mistake.
 */
const dataDirectoryEntries = [
  'index',
  'models',
  'retraining',
  'routing',
  // its name in releases up to 0.2.0
  'night',
  'uploads',
  'orthanc',
  'training',
  'evaluations',
  'weights',
  'first-login.txt',
] as const;

/** Files and folders that this process creates from now on, and its child processes, can be read by its own account only. */
export function createPrivateFilesOnly(): void {
  process.umask(groupAndOthers);
}

export interface OpenFiles {
  /** Paths that group or others may read, write or search. */
  readonly paths: readonly string[];
  /** Of these, the ones that belong to another account: only that account or root can change the mode. */
  readonly foreign: readonly string[];
}

/** Looks at the mode of DATA_DIR and of everything that this program stores below it. Links are not followed. */
export function findOpenFiles(dataDir: string): OpenFiles {
  const paths: string[] = [];
  const foreign: string[] = [];
  for (const { path, mode, uid } of entriesOf(dataDir)) {
    if ((mode & groupAndOthers) === 0) continue;
    paths.push(path);
    if (!mayChange(uid)) foreign.push(path);
  }
  return { paths, foreign };
}

/**
 * Takes the permissions of group and others away from DATA_DIR and everything that this program stores below it, as releases before
 * 0.3.0 left them.
 *
 * @returns how many modes were changed, and the paths whose mode could not be changed
 */
export function closeOpenFiles(dataDir: string): { readonly changed: number; readonly failed: readonly string[] } {
  let changed = 0;
  const failed: string[] = [];
  for (const { path, mode } of entriesOf(dataDir)) {
    if ((mode & groupAndOthers) === 0) continue;
    try {
      chmodSync(path, mode & 0o7700);
      changed++;
    } catch (error) {
      // Removed meanwhile, as an upload or a temporary file of the database.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') failed.push(path);
    }
  }
  return { changed, failed };
}

/** At the start: new files are private, and files that earlier releases left open to other accounts become private. */
export function closeDataDirectory(dataDir: string, log: Log): void {
  createPrivateFilesOnly();
  const { changed, failed } = closeOpenFiles(dataDir);
  if (changed > 0)
    log.warn('other accounts of this machine could read files and folders of DATA_DIR; their modes were changed', {
      directory: dataDir,
      changed,
    });
  if (failed.length > 0)
    log.error(
      'other accounts of this machine can read DATA_DIR, and the mode cannot be changed: run as root `chown -R` and `chmod -R go-rwx`',
      { directory: dataDir, count: failed.length, first: failed[0] },
    );
}

/** Like `closeOpenFiles`, for a folder that only this program fills. */
export function closeFolder(directory: string): void {
  for (const { path, mode } of walk(directory)) if ((mode & groupAndOthers) !== 0) chmodSync(path, mode & 0o7700);
}

interface Entry {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
}

function* entriesOf(dataDir: string): Generator<Entry> {
  const root = resolve(dataDir);
  const own = entryOf(root);
  if (!own) return;
  if (root !== parse(root).root && root !== resolve(homedir()) && (own.mode & 0o1000) === 0) yield own;
  for (const name of dataDirectoryEntries) yield* walk(join(root, name));
}

function* walk(path: string): Generator<Entry> {
  const entry = entryOf(path);
  if (!entry) return;
  yield entry;
  if (!entry.isDirectory) return;
  let names: readonly string[];
  try {
    names = readdirSync(path);
  } catch {
    // Not ours to read, or removed meanwhile.
    return;
  }
  for (const name of names) yield* walk(join(path, name));
}

/** @returns undefined for what is no longer there and for links, whose own mode means nothing */
function entryOf(path: string): (Entry & { readonly isDirectory: boolean }) | undefined {
  try {
    const status = lstatSync(path);
    return status.isSymbolicLink() ? undefined : { path, mode: status.mode & 0o7777, uid: status.uid, isDirectory: status.isDirectory() };
  } catch {
    return undefined;
  }
}

function mayChange(uid: number): boolean {
  const own = process.geteuid?.();
  return own === undefined || own === 0 || own === uid;
}
