import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The folder that contains package.json. */
export const repository = join(import.meta.dirname, '..', '..', '..');

export interface Document {
  /** Path from the repository's folder. */
  readonly name: string;
  readonly text: string;
}

/** Paths of all files below a folder, from the repository's folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(repository, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** All documents of the repository, without lists that a test writes. */
export function readDocuments(): Document[] {
  const names = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...filesBelow('docs').filter((name) => name.endsWith('.md'))];
  return names
    .filter((name) => !name.includes('transfer-syntaxes'))
    .map((name) => ({ name, text: readFileSync(join(repository, name), 'utf8') }));
}

/** What stands in back-quotes, blocks of code included, one line each. */
export function codeIn({ text }: Document): string[] {
  const blocks = [...text.matchAll(/^ *```[^\n]*\n([\s\S]*?)^ *```/gm)].flatMap((match) => match[1]!.split('\n'));
  const inline = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
  return [...blocks, ...inline].map((line) => line.trim());
}

/** Links of a document whose file or heading does not exist. */
export function brokenLinks(document: Document): string[] {
  const targets = [...document.text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, anchor] = target.split('#') as [string, string | undefined];
      const file = path === '' ? join(repository, document.name) : resolve(repository, dirname(document.name), path);
      if (!existsSync(file)) return true;
      if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith('.md')) return false;
      return !anchorsOf(readFileSync(file, 'utf8')).has(anchor);
    })
    .map((target) => `${document.name}: ${target}`);
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replace(/ /g, '-'),
    ),
  );
}

/** Whether a path or a pattern such as `a-*.ts` names a file or folder. */
export function pathExists(path: string): boolean {
  if (!path.includes('*')) return existsSync(join(repository, path));
  const folder = dirname(path);
  if (!existsSync(join(repository, folder))) return false;
  const pattern = new RegExp(`^${relative(folder, path).replace(/[.+]/g, '\\$&').replace(/\*/g, '.*')}$`);
  return readdirSync(join(repository, folder)).some((name) => pattern.test(name));
}
