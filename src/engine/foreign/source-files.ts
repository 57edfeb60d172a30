import { lstat, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Fault } from '../../errors.js';
import { maxModelBytes } from './confined-reading.js';

/** A model of others on disk: its main file and the folder that its other files have to lie in. */
export interface ForeignSource {
  readonly format: 'onnx' | 'tensorflow';
  readonly folder: string;
  readonly main: string;
}

/**
 * Tells an ONNX file, a folder with one, and a folder of TensorFlow.js (or its model.json) apart from everything else.
 *
 * @returns undefined for what is neither
 */
export async function foreignSource(path: string): Promise<ForeignSource | undefined> {
  const status = await lstat(path).catch(() => undefined);
  if (status?.isDirectory()) {
    for (const name of ['model.json', 'model.onnx']) {
      const inner = await lstat(join(path, name)).catch(() => undefined);
      // a version of this program's own also has a model.json
      if (inner?.isFile() && (name.endsWith('.onnx') || (await isTensorflow(join(path, name))))) return sourceOf(join(path, name));
    }
    return undefined;
  }
  if (path.toLowerCase().endsWith('.onnx')) return sourceOf(path);
  return basename(path).endsWith('.json') && (await isTensorflow(path)) ? sourceOf(path) : undefined;
}

function sourceOf(path: string): ForeignSource {
  return { format: path.toLowerCase().endsWith('.onnx') ? 'onnx' : 'tensorflow', folder: dirname(path), main: basename(path) };
}

/** By its text, without reading it as JSON here. */
async function isTensorflow(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  if (!status?.isFile() || status.size > maxModelBytes) return false;
  const text = await readFile(path, 'latin1');
  return text.includes('"modelTopology"') || text.includes('"weightsManifest"');
}

/**
 * Reads a file of a model: a regular file within its folder, no link that leads out of it.
 *
 * @param room bytes that all files of the model may still have
 * @returns undefined if there is no such file
 * @throws Fault 'model-invalid'
 */
export async function readInside(folder: string, name: string, room: number): Promise<Uint8Array | undefined> {
  const path = join(folder, name);
  const refuse = (detail: string): never => {
    throw new Fault('model-invalid', detail, { source: path });
  };
  const status = await lstat(path).catch(() => undefined);
  if (!status) return undefined;
  if (!status.isFile())
    return refuse(
      `expected a regular file, found a ${status.isSymbolicLink() ? 'link' : status.isDirectory() ? 'folder' : 'special file'}; copy the file itself here`,
    );
  const inner = relative(await realpath(folder), await realpath(path));
  if (inner.startsWith('..'))
    return refuse("expected a file within the model's folder, found one that a link leads to; copy the file itself here");
  if (status.size > room)
    return refuse(`expected at most ${maxModelBytes / 2 ** 20} MB for all files of a model, found more; adopt a smaller model`);
  return readFile(path);
}
