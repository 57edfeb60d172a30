import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, Fault } from '../errors.js';
import { downloadWeights } from '../registry/download-weights.js';
import { publishedClassifiers, type PublishedClassifier } from './published-classifiers.js';
import type { AdoptOptions } from './source-request.js';

/** The classifier of a published name; undefined if the source is none. @throws Fault 'request-invalid' of a misspelt name */
export function publishedClassifier(source: string): PublishedClassifier | undefined {
  const found = publishedClassifiers.find(({ name }) => name === source);
  if (!found && source.startsWith('torchxrayvision/'))
    throw new Fault('request-invalid', `expected one of ${publishedClassifiers.map(({ name }) => name).join(', ')}, found ${source}`);
  return found;
}

/**
 * The file of a published classifier: the one of `--file`, one that was downloaded before, or a download, for which a checksum is
 * needed.
 *
 * @throws Fault 'model-invalid' saying where to get it, 'download-failed'
 */
export async function fileOfPublished(
  { name, url, sha256: published }: PublishedClassifier,
  { file, sha256 = published }: Pick<AdoptOptions, 'file' | 'sha256'>,
  downloads: string,
): Promise<string> {
  const stored = file ?? join(downloads, `${name.replaceAll('/', '-')}.pt`);
  if (await isFile(stored)) {
    const found = sha256 === undefined ? undefined : await sha256OfFile(stored);
    if (found !== undefined && found !== sha256)
      throw new Fault('model-invalid', `expected sha256 ${sha256}, found ${found}`, { source: stored });
    return stored;
  }
  if (file !== undefined) throw new Fault('model-invalid', 'expected the file of --file, found none', { source: file });
  if (sha256 === undefined)
    throw new Fault(
      'model-invalid',
      `expected the file of ${name}, found none. Its publisher states no checksum: download ${url} and adopt it by \`models adopt ${name} --file FILE\`, or state the SHA-256 of the file by --sha256, then it is downloaded`,
    );
  await mkdir(downloads, { recursive: true });
  await downloadWeights(url, { sha256, into: stored });
  return stored;
}

/** SHA-256 of a file, or of a folder: of the names and checksums of its files, sorted. @throws Fault 'model-invalid' if it cannot be read */
export async function sha256OfSource(path: string): Promise<string> {
  try {
    if ((await stat(path)).isFile()) return await sha256OfFile(path);
    const names = (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    const lines: string[] = [];
    for (const name of names.slice(0, 2048)) lines.push(`${await sha256OfFile(name)}  ${name.slice(path.length)}\n`);
    return createHash('sha256').update(lines.join('')).digest('hex');
  } catch (error) {
    throw asFault(error, 'model-invalid', { source: path });
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (one) => one.isFile(),
    () => false,
  );
}
