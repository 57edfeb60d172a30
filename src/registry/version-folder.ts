import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mapDiskFull, syncDirectory, unfinishedPrefix, writeNewFile } from '../lib/atomic-write.js';
import { Fault } from '../errors.js';
import type { VersionFiles } from './candidate.js';
import { loadModelVersion, type ModelVersion } from './model-version.js';
import { filesOfNetwork } from './serve-network.js';

const leftoverMs = 3_600_000;
const namesBesideWeights = ['model.json', 'CARD.md', 'lineage.json', 'metrics.json', 'reference.json', 'network-input.png'];

/**
 * Makes the folder of a version as a whole beside the others, checks it by reading it as it will be served, and then gives it its
 * name. Another process that writes the same content at the same time does no harm.
 *
 * @throws Fault 'model-invalid', 'disk-full'
 */
export async function writeVersionFolder(versionsIn: string, version: string, files: VersionFiles): Promise<void> {
  await mapDiskFull(versionsIn, () => mkdir(versionsIn, { recursive: true }));
  await removeLeftovers(versionsIn);
  const unfinished = join(versionsIn, `${unfinishedPrefix}${version}-${randomUUID()}`);
  try {
    await mapDiskFull(versionsIn, () => mkdir(unfinished));
    for (const [name, content] of files) {
      if (!/^[\w-][\w.-]*$/.test(name))
        throw new Fault('model-invalid', 'expected file names without a folder in a version', { source: `${version}/${name}` });
      await writeNewFile(join(unfinished, name), content);
    }
    await syncDirectory(unfinished);
    const model = await loadModelVersion(unfinished);
    if (model.version !== version)
      throw new Fault('model-invalid', `expected the content of version ${version}, found that of ${model.version}`, {
        source: versionsIn,
      });
    await mapDiskFull(versionsIn, () => rename(unfinished, join(versionsIn, version))).catch((error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    });
    await syncDirectory(versionsIn);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Only files that a version has: whatever else lies in the folder stays outside. */
export async function versionFilesIn(source: string, { file }: ModelVersion): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of fileNamesOf(file)) {
    const content = await readFile(join(source, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (content) files.set(name, content);
  }
  return files;
}

function fileNamesOf({ networks }: ModelVersion['file']): readonly string[] {
  return [
    ...namesBesideWeights,
    ...Object.values(networks).flatMap((network) => (network ? filesOfNetwork(network).map((one) => one.name) : [])),
  ];
}

/**
 * An imported folder must contain its own files. Through a link any file of this machine would be copied, and the card would show it to
 * every viewer.
 *
 * @throws Fault 'model-invalid' naming the link
 */
export async function refuseLinks(source: string): Promise<void> {
  const names = await readdir(source).catch(() => []);
  for (const name of names) {
    const status = await lstat(join(source, name));
    if (!status.isFile() && (namesBesideWeights.includes(name) || !status.isDirectory()))
      throw new Fault('model-invalid', `expected a regular file, found a ${status.isSymbolicLink() ? 'link' : 'special file'}`, {
        source: join(source, name),
      });
  }
}

/** What a killed process left half-written; younger ones may still be in the making. */
async function removeLeftovers(versionsIn: string): Promise<void> {
  for (const name of (await readdir(versionsIn)).filter((one) => one.startsWith(unfinishedPrefix))) {
    const path = join(versionsIn, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > leftoverMs) await rm(path, { recursive: true, force: true });
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
