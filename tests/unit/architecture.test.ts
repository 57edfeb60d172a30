import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';

/** Which folder may import which: the table of docs/principles.md. `errors`, `log` and `lib` may be imported by all. */
const mayImport = tableOf(readFileSync(join(projectRoot, 'docs/principles.md'), 'utf8'));
const forAll = new Set(['errors', 'log', 'lib']);
/** Packages that only one folder may know. */
const packageHome: Record<string, string> = {
  'onnxruntime-node': 'engine',
  protobufjs: 'engine',
  '@tensorflow': 'engine',
  'dicomweb-client': 'dicomweb',
  undici: 'http',
  nodemailer: 'messages',
  'pg-boss': 'jobs',
  'drizzle-orm': 'store',
  '@electric-sql/pglite': 'store',
  pg: 'store',
  express: 'server',
  'dejavu-fonts-ttf': 'pixels',
  yauzl: 'uploads',
  react: 'web',
  'react-dom': 'web',
  '@mantine/core': 'web',
  uplot: 'web',
  helmet: 'server',
  'prom-client': 'server',
  'openid-client': 'server',
  '@node-rs/argon2': 'server',
  'csv-parse': 'dataset',
};
const pure = ['dicom', 'evaluation', 'network', 'sr', 'routing', 'triage', 'report-text'];

const source = join(projectRoot, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));
const names = new Set(files.map(({ name }) => name));

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

function folderOf(name: string): string | undefined {
  return name.includes('/') ? name.split('/')[0] : undefined;
}

/** Rows `| folder | contains | may import |`; `everything but a` stands for all folders but a, `types of a` for a. */
function tableOf(markdown: string): ReadonlyMap<string, { readonly allows: (target: string) => boolean }> {
  const rows = [...markdown.matchAll(/^\| ([a-z][a-z\d-]*) \| [^|]+ \| ([^|]+) \|$/gm)].filter(([, folder]) => folder !== 'folder');
  return new Map(
    rows.map(([, folder, words]) => {
      const text = words!.trim();
      if (text === 'nothing') return [folder!, { allows: () => false }];
      if (text === 'everything') return [folder!, { allows: () => true }];
      const except = /^everything but (.+)$/.exec(text)?.[1]?.split(', ');
      if (except) return [folder!, { allows: (target) => !except.includes(target) }];
      const names = text.replace(/^types of /, '').split(', ');
      return [folder!, { allows: (target) => names.includes(target) }];
    }),
  );
}

/** The file in src that an import means, types included; undefined for a package or a style sheet. */
function targetOf(name: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = relative(source, resolve(join(source, dirname(name)), specifier)).replace(/\.js$/, '');
  return [`${base}.ts`, `${base}.tsx`].find((one) => names.has(one));
}

test('the table of docs/principles.md names every folder of src and no other', () => {
  const folders = [...new Set(files.map(({ name }) => folderOf(name)).filter((one) => one !== undefined))];
  assert.deepEqual(folders.sort(), [...mayImport.keys()].sort());
});

test('each folder imports only what the table allows, types included', () => {
  const offences = files.flatMap(({ name, text }) => {
    const folder = folderOf(name);
    if (!folder) return [];
    return importsOf(text).flatMap((specifier) => {
      const target = targetOf(name, specifier);
      if (target === undefined) return [];
      const other = folderOf(target) ?? target.replace(/\.tsx?$/, '');
      return other === folder || forAll.has(other) || mayImport.get(folder)?.allows(other) ? [] : [`${name} imports ${target}`];
    });
  });
  assert.deepEqual(offences, []);
});

test('a package that belongs to one folder is imported there only', () => {
  const offences = files.flatMap(({ name, text }) =>
    importsOf(text)
      .map((target) => Object.keys(packageHome).find((known) => target === known || target.startsWith(`${known}/`)))
      .filter((known) => known !== undefined && packageHome[known] !== folderOf(name))
      .filter((known) => !(known === 'drizzle-orm' && folderOf(name) === 'jobs'))
      .map((known) => `${name} imports ${known}`),
  );
  assert.deepEqual(offences, []);
});

test('pure folders touch no file, network, process or clock', () => {
  const forbidden =
    /from 'node:(fs|net|http|https|child_process|worker_threads|os)[/']|\bprocess\.|\bDate\.now\(|new Date\(\)|Math\.random\(|\bfetch\(/;
  assert.deepEqual(
    files.filter(({ name, text }) => pure.includes(folderOf(name) ?? '') && forbidden.test(text)).map(({ name }) => name),
    [],
  );
});

test('only the configuration reads the environment', () => {
  assert.deepEqual(
    files
      .filter(({ name, text }) => !['config.ts', 'config/time-zone.ts'].includes(name) && /process\.env[.[]/.test(text))
      .map(({ name }) => name),
    [],
  );
});

test('no default exports, enums, any, or files with empty names', () => {
  const offences = files.flatMap(({ name, text }) => [
    ...(/^export default/m.test(text) ? [`${name}: default export`] : []),
    ...(/^\s*(export )?(const )?enum /m.test(text) ? [`${name}: enum`] : []),
    ...(/(: any\b|<any>|as any\b)/.test(text) ? [`${name}: any`] : []),
    ...(/(^|\/)(utils?|helpers?|common|manager|service|handler)\.ts$/.test(name) ? [`${name}: name`] : []),
  ]);
  assert.deepEqual(offences, []);
});

test('no import cycle between files, types included', () => {
  const graph = new Map(files.map(({ name, text }) => [name, importsOf(text).flatMap((specifier) => targetOf(name, specifier) ?? [])]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const cycle = visit(next, [...path, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) assert.equal(visit(name, [])?.join(' → '), undefined);
});

test('no two files export something of one name', () => {
  const exported = /^export (?:declare )?(?:async )?(?:abstract )?(?:interface|type|class|function\*?|const|let) ([\w$]+)/gm;
  const places = new Map<string, string[]>();
  for (const { name, text } of files)
    for (const identifier of new Set([...text.matchAll(exported)].map((match) => match[1]!)))
      places.set(identifier, [...(places.get(identifier) ?? []), name]);
  assert.deepEqual(
    [...places].filter(([, found]) => found.length > 1).map(([identifier, found]) => `${identifier}: ${found.join(', ')}`),
    [],
  );
});

test('no file is longer than 350 lines, and the median is below 110', () => {
  const lengths = files.map(({ name, text }) => ({ name, lines: text.split('\n').length - 1 }));
  const tests = join(projectRoot, 'tests');
  const ofTests = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|py|mjs)$/.test(name))
    .map((name) => ({ name: `tests/${name}`, lines: readFileSync(join(tests, name), 'utf8').split('\n').length - 1 }));
  assert.deepEqual(
    [...lengths, ...ofTests].filter(({ lines }) => lines > 350),
    [],
  );
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  assert.ok(sorted[Math.floor(sorted.length / 2)]! < 110);
});

test('a story fits on two screens: each file NAME-story.ts has at most 80 lines, and every story folder has one', () => {
  const stories = files.filter(({ name }) => name.endsWith('-story.ts'));
  const rows = readFileSync(join(projectRoot, 'docs/principles.md'), 'utf8').matchAll(/^\| ([a-z-]+) \| \*\*story:\*\*/gm);
  assert.deepEqual(
    [...rows].map(([, folder]) => folder!).filter((folder) => !stories.some(({ name }) => folderOf(name) === folder)),
    [],
  );
  assert.deepEqual(
    stories.map(({ name, text }) => `${name}: ${text.split('\n').length - 1}`).filter((one) => Number(one.split(': ')[1]) > 80),
    [],
  );
});
