import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import type { ModelVersion } from './model-version.js';

/** An empty folder for an export: nothing that lies there already is mixed with it. */
export async function emptyFolderAt(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0)
    throw new Fault('request-invalid', 'expected an empty folder to export into, found files', { source: directory });
}

/** The version's own folder as it is: `models import` of another installation takes it and gets the same version. */
export async function exportFolder({ directory: from }: ModelVersion, directory: string): Promise<void> {
  await emptyFolderAt(directory);
  for (const name of await readdir(from)) if (!name.startsWith('.')) await cp(join(from, name), join(directory, name), { recursive: true });
}
