import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../src/config.js';
import { en } from '../../src/web/texts/en.js';

const folder = join(projectRoot, 'dist/web');
const index = readFileSync(join(folder, 'index.html'), 'utf8');
const files = readdirSync(join(folder, 'page'));

test('the first load of the worklist is at most 300 kB, gzipped, without the plots and the image viewer', () => {
  const loaded = [...index.matchAll(/(?:src|href)="\.\/page\/([^"]+)"/g)].map(([, name]) => name!);
  assert.ok(loaded.some((name) => name.endsWith('.js')) && loaded.some((name) => name.endsWith('.css')));
  const contents = [index, ...loaded.map((name) => readFileSync(join(folder, 'page', name), 'utf8'))];
  const bytes = contents.reduce((sum, one) => sum + gzipSync(one).length, 0);
  assert.ok(bytes <= 300_000, `${bytes} bytes`);
  assert.doesNotMatch(contents.join(''), /uPlot|cornerstone/i);
});

test('it loads nothing from elsewhere, and holds no script or style of its own in the document', () => {
  assert.doesNotMatch(index, /<script(?![^>]*\bsrc=)[^>]*>|<style|\bon\w+=|https?:\/\//);
  for (const name of files.filter((one) => one.endsWith('.css')))
    assert.doesNotMatch(readFileSync(join(folder, 'page', name), 'utf8'), /url\(["']?https?:|@import/);
});

test('every component that the page uses has its styles', () => {
  const styles = join(projectRoot, 'node_modules/@mantine/core/styles');
  const sources = readdirSync(join(projectRoot, 'src/web'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tsx'))
    .map((name) => readFileSync(join(projectRoot, 'src/web', name), 'utf8'));
  const used = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)].flatMap(([, names]) => names!.split(',').map((name) => name.trim())),
    ),
  );
  const imported = readFileSync(join(projectRoot, 'src/web/mantine-styles.ts'), 'utf8');
  assert.ok(used.size > 20);
  assert.deepEqual(
    [...used].filter((name) => existsSync(join(styles, `${name}.css`)) && !imported.includes(`/${name}.css'`)),
    [],
  );
});

test('a language is one file: every text is there in every language, with the same values put in', () => {
  const texts = join(projectRoot, 'src/web/texts');
  const languages = readdirSync(texts).filter((name) => name.endsWith('.json'));
  assert.deepEqual(languages, ['de.json', 'fr.json']);
  const placesIn = (text: string): readonly string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
  for (const file of languages) {
    const other = JSON.parse(readFileSync(join(texts, file), 'utf8')) as Readonly<Record<string, string>>;
    assert.deepEqual(Object.keys(other).sort(), Object.keys(en).sort(), file);
    for (const [key, text] of Object.entries(en)) {
      assert.ok(other[key]?.trim(), `${file}: ${key}`);
      assert.deepEqual(placesIn(other[key]!), placesIn(text), `${file}: ${key}`);
    }
    // Names, units and words that are the same in both languages; a whole sentence never is.
    const same = Object.entries(en).filter(
      ([key, text]) =>
        other[key] === text &&
        text
          .replace(/\{\w+\}/g, '')
          .split(/\s+/)
          .filter((word) => /\p{L}{2,}/u.test(word)).length > 3,
    );
    assert.deepEqual(
      same.map(([key]) => key),
      [],
      file,
    );
  }
});

test('usability 13: every action that the audit log can name is a sentence there', () => {
  const named = (start: string): string[] => Object.keys(en).flatMap((key) => (key.startsWith(start) ? [key.slice(start.length)] : []));
  const sentences = new Set(named('audit.sentence.'));
  assert.ok(sentences.size > 40);
  assert.deepEqual(
    named('audit.of.').filter((action) => !sentences.has(action)),
    [],
  );
});
