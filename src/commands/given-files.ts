import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A file to analyze. */
export interface GivenFile {
  readonly file: string;
  /** Found in a folder or by a pattern: it may be none of ours. */
  readonly found: boolean;
  /** For what is written beside other results: the file's name, made unique. */
  readonly label: string;
}

const standardInput = '-';

/**
 * The files that a command line names: files, folders with all below them, patterns (`*`, `?`, `[…]`, `{a,b}`, `**`) that the shell
 * left as they are, and `-` for a list of these on standard input, one a line. Hidden files and DICOMDIR are left out of folders.
 * A file that does not exist is returned as it is, so that reading it reports the fault.
 */
export async function* givenFiles(names: readonly string[], input: Readable = process.stdin): AsyncGenerator<GivenFile> {
  const labels = new Map<string, number>();
  const given = (file: string, found: boolean): GivenFile => {
    const name = basename(file);
    const before = labels.get(name) ?? 0;
    labels.set(name, before + 1);
    return { file, found, label: before === 0 ? name : `${name}-${before + 1}` };
  };
  for await (const name of lined(names, input)) {
    const kind = await kindOf(name);
    if (kind === 'file' || (kind === 'missing' && !isPattern(name))) yield given(name, false);
    else {
      let count = 0;
      for await (const file of kind === 'folder' ? filesBelow(name) : matching(name)) {
        count++;
        yield given(file, true);
      }
      // A folder without files is returned as it is: reading it as a file reports the fault.
      if (count === 0) yield given(name, false);
    }
  }
}

async function* lined(names: readonly string[], input: Readable): AsyncGenerator<string> {
  for (const name of names) {
    if (name !== standardInput) yield name;
    else for await (const line of createInterface({ input, crlfDelay: Infinity })) if (line !== '') yield line;
  }
}

async function kindOf(name: string): Promise<'file' | 'folder' | 'missing'> {
  try {
    return (await stat(name)).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'missing';
  }
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  // what may not be read is one file less, not the end of the command
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'DICOMDIR') continue;
    // a link to a folder could lead back to it
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await kindOf(path)) === 'file')) yield path;
  }
}

function isPattern(name: string): boolean {
  return /[*?[{]/.test(name);
}

async function* matching(pattern: string): AsyncGenerator<string> {
  const parts = pattern.split('/');
  const plain = parts.findIndex(isPattern);
  const folder = parts.slice(0, plain).join('/');
  const expression = expressionOf(parts.slice(plain).join('/'));
  const start = folder === '' ? (pattern.startsWith('/') ? '/' : '.') : folder;
  const prefix = start === '.' ? 0 : start === '/' ? 1 : folder.replace(/\/+$/, '').length + 1;
  for await (const file of filesBelow(start)) if (expression.test(join(file).slice(prefix))) yield file;
}

/** Of the path below the folder in which the search begins. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|[*?{},[\]!.+^$()|\\]/g, (sign) => signs[sign] ?? `\\${sign}`);
  try {
    return new RegExp(`^${source}$`, 'u');
  } catch {
    return /^\b$/;
  }
}

const signs: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
  '{': '(?:',
  '}': ')',
  ',': '|',
  '[': '[',
  ']': ']',
  '!': '^',
};
