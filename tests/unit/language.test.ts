import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { allowedPlaces } from './language-allowed.js';
import { privateWords, splitIdentifiers } from './language-words.js';

const root = join(import.meta.dirname, '..', '..', '..');
const searched = [
  'src',
  'docs',
  'tests',
  'scripts',
  'config',
  'deploy',
  'orthanc',
  'models',
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
];
const texts = /\.(?:ts|tsx|mjs|md|yaml|yml|json|html|css|lua|sh|py|svg|service|template)$/;
/** Machine-made: figures, golden results and lists. */
const machineMade = /\/(?:figures|golden[^/]*|.*-golden)\.json$|^tests\/oracles\/.*\.json$|^tests\/fixtures\/.*\.json$/;
const maxShown = 40;

interface Hit {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly instead: string;
  readonly text: string;
}

function* filesIn(path: string): Generator<string> {
  const entries = readdirSync(path, { withFileTypes: true });
  for (const entry of entries) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) yield* filesIn(inner);
    else if (entry.isFile() && texts.test(entry.name)) yield inner;
  }
}

/** Every place that contains a private word: in the file's name (line 0) or in one of its lines. */
function hitsIn(file: string, text: string): Hit[] {
  const lines = [file, ...text.split('\n')];
  return lines.flatMap((line, number) => {
    const split = splitIdentifiers(line);
    return privateWords
      .filter((one) => (one.onlyIn?.test(file) ?? true) && matches(one.pattern, one.asWritten ? line : split))
      .filter((one) => !isAllowed(file, one.name, line))
      .map((one) => ({ file, line: number, word: one.name, instead: one.instead, text: line.trim() }));
  });
}

function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

function isAllowed(file: string, word: string, line: string): boolean {
  return allowedPlaces.some((place) => place.file.test(file) && (place.words?.includes(word) ?? true) && (place.only?.test(line) ?? true));
}

/** One line a hit, under the folder that it lies in. */
function byFolder(hits: readonly Hit[]): string {
  const folders = new Map<string, Hit[]>();
  for (const hit of hits) {
    const folder = hit.file
      .split('/')
      .slice(0, hit.file.startsWith('tests/') || hit.file.startsWith('src/') ? 2 : 1)
      .join('/');
    folders.set(folder, [...(folders.get(folder) ?? []), hit]);
  }
  return [...folders]
    .sort((a, b) => b[1].length - a[1].length)
    .map(([folder, inFolder]) => {
      const shown = process.env.LANGUAGE_ALL ? inFolder : inFolder.slice(0, maxShown);
      const rest = inFolder.length - shown.length;
      return [`## ${folder}: ${inFolder.length}`, ...shown.map(asLine), ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
    })
    .join('\n\n');
}

function asLine(hit: Hit): string {
  return `${hit.file}:${hit.line} "${hit.word}" → ${hit.instead} | ${hit.text.slice(0, 120)}`;
}

test('No private word of earlier releases is left in code, documents or tests', () => {
  const hits = searched.flatMap((name) => {
    const path = join(root, name);
    const files = texts.test(name) ? [path] : [...filesIn(path)];
    return files
      .map((file) => relative(root, file))
      .filter((file) => !machineMade.test(file))
      .flatMap((file) => hitsIn(file, readFileSync(join(root, file), 'utf8')));
  });
  if (process.env.LANGUAGE_ALL) console.log(byFolder(hits));
  assert.equal(hits.length, 0, `${hits.length} places:\n${byFolder(hits)}`);
});

test('A private word is found inside an identifier, a file name and a sentence, and only there', () => {
  const found = (text: string): string[] => hitsIn('src/example.ts', text).map((hit) => hit.word);
  assert.deepEqual(found('const plan = runNight(verdict);'), ['verdict', 'night']);
  assert.deepEqual(found('// what is in hand is let go'), ['let go', 'in hand']);
  assert.deepEqual(found('const mostStudies = 5;'), ['superlative']);
  assert.deepEqual(found('a nightly run, recommended, amended, at most 5'), []);
  assert.deepEqual(
    hitsIn('src/night-plan.ts', '').map((hit) => hit.line),
    [0],
  );
});
