import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';

/** Which folder may import which; errors, log and config-file may be imported by all. docs/principles.md explains it. */
const composition = [
  'dicom',
  'uploads',
  'pixels',
  'sr',
  'routing',
  'evaluation',
  'network',
  'engine',
  'dataset',
  'training',
  'registry',
  'store',
  'dicomweb',
  'orthanc',
  'jobs',
  'audit',
  'tasks',
  'server',
  'config',
  'findings-config',
];
const mayImport: Record<string, readonly string[]> = {
  dicom: [],
  evaluation: ['network'],
  network: [],
  routing: ['dicom'],
  pixels: ['dicom'],
  sr: ['dicom'],
  dicomweb: ['dicom'],
  orthanc: ['dicom'],
  store: ['dicom'],
  samples: ['dicom'],
  engine: ['network'],
  dataset: ['dicom', 'pixels'],
  training: ['dataset', 'engine', 'network', 'evaluation'],
  registry: ['network', 'evaluation'],
  jobs: ['store'],
  audit: ['store'],
  tasks: [
    'dicom',
    'pixels',
    'sr',
    'routing',
    'evaluation',
    'network',
    'engine',
    'dataset',
    'training',
    'registry',
    'store',
    'dicomweb',
    'orthanc',
  ],
  uploads: [],
  web: ['server'],
  server: ['dicom', 'dicomweb', 'uploads', 'store', 'registry', 'evaluation', 'jobs', 'audit', 'tasks'],
  app: composition,
  commands: [...composition, 'app', 'samples'],
};
const forAll = new Set([
  'errors',
  'log',
  'config-file',
  'http-exchange',
  'pacs-address',
  'plain-text',
  'atomic-write',
  'child-environment',
  'private-files',
  'process-identity',
]);
/** Packages that only one folder may know. */
const packageHome: Record<string, string> = {
  'onnxruntime-node': 'engine',
  protobufjs: 'engine',
  '@tensorflow': 'engine',
  'dicomweb-client': 'dicomweb',
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
  re2js: 'routing',
};
const pure = ['dicom', 'evaluation', 'network', 'sr', 'routing'];

const source = join(projectRoot, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

function folderOf(name: string): string | undefined {
  return name.includes('/') ? name.split('/')[0] : undefined;
}

test('each folder imports only what the table allows', () => {
  const offences = files.flatMap(({ name, text }) => {
    const folder = folderOf(name);
    if (!folder) return [];
    return importsOf(text)
      .filter((target) => target.startsWith('.'))
      .map((target) => relative(source, resolve(join(source, dirname(name)), target)).replace(/\.(js|json|css)$/, ''))
      .filter((target) => folderOf(target) !== folder)
      .filter((target) => !(forAll.has(target) || (mayImport[folder] ?? []).includes(folderOf(target) ?? target)))
      .map((target) => `${name} imports ${target}`);
  });
  assert.deepEqual(offences, []);
});

test('every folder stands in the table', () => {
  assert.deepEqual(
    [...new Set(files.map(({ name }) => folderOf(name)).filter((one) => one !== undefined))].filter((one) => !(one in mayImport)),
    [],
  );
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

test('only config.ts reads the environment', () => {
  assert.deepEqual(
    files.filter(({ name, text }) => name !== 'config.ts' && /process\.env[.[]/.test(text)).map(({ name }) => name),
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

test('no import cycle between files', () => {
  const graph = new Map(
    files.map(({ name, text }) => [
      name,
      [...text.matchAll(/^(?:import|export)(?! type)[^;]*?from '(\.[^']+)'/gm)].map((match) =>
        relative(source, resolve(join(source, dirname(name)), match[1]!)).replace(/\.js$/, '.ts'),
      ),
    ]),
  );
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
