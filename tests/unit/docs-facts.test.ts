import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.js';
import { brokenLinks, codeIn, filesBelow, pathExists, readDocuments, repository } from '../support/documents.js';

const run = promisify(execFile);
/** Old names are documented as old. */
const documents = readDocuments().filter(({ name }) => name !== 'docs/reference/old-names.md');
const present = documents.filter(({ name }) => name !== 'CHANGELOG.md');
const code = present.flatMap((document) => codeIn(document).map((text) => ({ document: document.name, text })));
const source = filesBelow('src').map((name) => ({ name, text: readFileSync(join(repository, name), 'utf8') }));
const everything = [
  ...source,
  ...['tests', 'scripts', 'deploy', 'orthanc']
    .flatMap(filesBelow)
    .filter((name) => /\.(ts|mjs|sh|yml|lua|template|sysusers|service|py|alloy)$/.test(name))
    .map(read),
  ...['bootstrap.mjs', 'docker-compose.yml', 'Dockerfile', '.ci/run'].map(read),
];

function read(name: string): { readonly name: string; readonly text: string } {
  return { name, text: readFileSync(join(repository, name), 'utf8') };
}

test('every link of a document leads to a file and a heading that exist', () => {
  assert.deepEqual([...documents, { name: 'models/starter/CARD.md', text: read('models/starter/CARD.md').text }].flatMap(brokenLinks), []);
});

test('every file that a document names exists', () => {
  const named = code.flatMap(({ document, text }) =>
    [...text.matchAll(/(?<![\w./~-])((?:src|tests|docs|scripts|config|deploy|orthanc|models|codecs|\.ci)\/[\w./*-]*[\w*])/g)].map(
      (match) => ({ document, path: match[1]! }),
    ),
  );
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter(({ path }) => !pathExists(path)).map(({ document, path }) => `${document}: ${path}`),
    [],
  );
});

test('every test that the promises name exists', () => {
  const names = [...read('docs/reference/promises.md').text.matchAll(/`((?:unit|integration|e2e)\/[\w-]+)`/g)].map((match) => match[1]!);
  assert.ok(names.length > 50);
  assert.deepEqual(
    names.filter((name) => !pathExists(`tests/${name}.test.ts`)),
    [],
  );
});

test('every npm script, benchmark and test filter that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json').text) as { readonly scripts: Readonly<Record<string, string>> };
  const wrong = code.flatMap(({ document, text }) => [
    ...[...text.matchAll(/npm run ([\w-]+)/g)]
      .filter((match) => !(match[1]! in scripts))
      .map((match) => `${document}: npm run ${match[1]}`),
    ...[...text.matchAll(/npm run bench -- ([\w-]+)/g)]
      .filter((match) => !pathExists(`tests/bench/${match[1]}.ts`))
      .map((match) => `${document}: benchmark ${match[1]}`),
    ...[...text.matchAll(/npm test -- ([a-z][\w/-]+)/g)]
      .filter((match) => !filesBelow('tests').some((file) => file.endsWith('.test.ts') && file.includes(match[1]!)))
      .map((match) => `${document}: test ${match[1]}`),
  ]);
  assert.deepEqual(wrong, []);
});

test('every command and option that a document names exists', async () => {
  const { names, groups } = await commandLine();
  const wrong: string[] = [];
  for (const { document, text } of code) {
    for (const { command, rest } of callsIn(text, groups)) {
      if (!names.has(command)) wrong.push(`${document}: ${text}`);
      else
        for (const [option] of rest.matchAll(/(?<=^|[\s[])--[a-z][a-z-]+/g))
          if (!(await helpOf(command)).includes(option)) wrong.push(`${document}: ${command} ${option}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** A command in a piece of code: after `chest-ai`, or the piece begins with a group and one of its commands (`models show`). */
function callsIn(text: string, groups: ReadonlyMap<string, ReadonlySet<string>>): { readonly command: string; readonly rest: string }[] {
  const withProgram = /docker compose exec/.test(text)
    ? []
    : [...text.matchAll(/(?:npm run chest-ai -- |(?:^|\s|\/)chest-ai )([a-z][\w -]*?)(?=$|[^\w -]|\s-)(.*)/g)].map(
        (match) => `${match[1]}${match[2]}`,
      );
  const bare = [...groups.keys()].some((group) => text.startsWith(`${group} `)) ? [text] : [];
  return [...withProgram, ...bare].map((call) => {
    const [first, second, ...others] = call.split(/\s+/) as [string, ...string[]];
    const isGroup = groups.has(first) && second !== undefined && /^[a-z]/.test(second);
    return {
      command: isGroup ? `${first} ${second}` : first,
      rest: [...(isGroup || second === undefined ? [] : [second]), ...others].join(' '),
    };
  });
}

const helpTexts = new Map<string, Promise<string>>();

function helpOf(command: string): Promise<string> {
  const known = helpTexts.get(command);
  if (known) return known;
  const help = run(process.execPath, [join(repository, 'dist/src/cli.js'), ...command.split(' ').filter(Boolean), '--help']).then(
    ({ stdout }) => stdout,
  );
  helpTexts.set(command, help);
  return help;
}

/** The commands that `--help` lists; of a group, those that its own help lists. */
async function commandLine(): Promise<{ readonly names: Set<string>; readonly groups: Map<string, Set<string>> }> {
  const listed = (help: string): string[] =>
    help
      .split(/\n(?=[A-Z][\w ,]*:\n)/)
      .filter((section) => !/^(?:Usage|Options|Arguments|Examples)/.test(section))
      .flatMap((section) => [...section.matchAll(/^ {1,2}([a-z][\w-]*)(?= )/gm)].map((match) => match[1]!))
      .filter((name) => name !== 'help');
  const names = new Set<string>();
  const groups = new Map<string, Set<string>>();
  for (const name of listed(await helpOf(''))) {
    names.add(name);
    const inner = listed(await helpOf(name));
    if (inner.length > 0) groups.set(name, new Set(inner));
    for (const one of inner) names.add(`${name} ${one}`);
  }
  assert.ok(groups.size > 5);
  return { names, groups };
}

test('every setting that a document names exists', () => {
  const sections =
    'orthanc|server|access|database|viewer|uploads|model|engine|work|reports?|triage|retraining|drift|assessments|messages|log';
  const named = new Map(
    code.flatMap(({ document, text }) =>
      [...text.matchAll(new RegExp(`(?:^|[\\s(\`])((?:${sections})\\.[a-z][A-Za-z]+(?:\\.[A-Za-z]+)?)(?![\\w./-])`, 'g'))]
        .filter(
          (match) => !/\.(?:json|md|ts|lua|sh|txt|yaml|yml|png|template|service|safetensors|jsonl|js|dcm|pem|html|test)$/.test(match[1]!),
        )
        .map((match) => [match[1]!, document] as const),
    ),
  );
  assert.ok(named.size > 25, [...named.keys()].join(' '));
  assert.deepEqual(
    [...named].filter(([path]) => isUnknownSetting(path)).map(([path, document]) => `${document}: ${path}`),
    [],
  );
});

/** Whether the configuration refuses the key as one that it does not know; a wrong value is no objection. */
function isUnknownSetting(path: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'docs-facts-'));
  try {
    const file = join(folder, 'settings.json');
    const value = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), null);
    writeFileSync(file, JSON.stringify(value));
    loadConfig({ CONFIG_FILE: file });
    return false;
  } catch (error) {
    return /unrecognized|unknown/i.test((error as Error).message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a setting that does not exist is found', () => {
  assert.equal(isUnknownSetting('orthanc.pollIntervalMs'), false);
  assert.equal(isUnknownSetting('orthanc.noSuchSetting'), true);
});

test('L6: the guide to backups says that revoked tokens and disabled accounts are valid again after a restore', () => {
  const backup = readFileSync(join(repository, 'docs/guide/backup.md'), 'utf8');
  assert.match(backup, /After a restore, tokens and accounts that were revoked or disabled after the backup are valid again/);
});

test('every environment variable and metric that a document names is read or written somewhere', () => {
  const text = everything.map((file) => file.text).join('\n');
  const standard = new Set([
    'TZ',
    'VERSION',
    'ARCHIVE',
    'SHA256SUMS',
    'MODEL',
    'NAME',
    'DIR',
    'FILE',
    'WORK',
    'DATA',
    'HASH',
    'HEX',
    'LIST',
    'FINDING',
    'chest_ai_restored',
  ]);
  const named = code.flatMap(({ document, text: piece }) =>
    [...piece.matchAll(/(?<![\w.-])([A-Z][A-Z0-9]*_[A-Z0-9_]+|chest_ai_[a-z_]+)(?![\w-])/g)].map((match) => ({
      document,
      name: match[1]!,
    })),
  );
  assert.ok(named.length > 20);
  const wrong = named.filter(({ name }) => !standard.has(name) && !new RegExp(`\\b${name}\\b`).test(text));
  assert.deepEqual(
    wrong.map(({ document, name }) => `${document}: ${name}`),
    [],
  );
});

test('every address of the API that a document names exists', () => {
  const shape = (path: string): string => path.replace(/\/(?::\w+|\{\w+\}|[A-Z][A-Z]+)(?=\/|$)/g, '/*');
  const known = new Set(
    source
      .filter(({ name }) => name.startsWith('src/server/'))
      .flatMap(({ text }) => [...text.matchAll(/'(\/api\/[^']*)'/g)].map((match) => shape(match[1]!))),
  );
  const named = code.flatMap(({ document, text }) =>
    [...text.matchAll(/(?<![\w…])(\/api\/[\w/{}.-]+)/g)].map((match) => ({ document, path: match[1]! })),
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(({ path }) => !known.has(shape(path))).map(({ document, path }) => `${document}: ${path}`),
    [],
  );
});

test('every call of the walk-throughs is in the file that the architecture page names', () => {
  const page = read('docs/architecture.md').text;
  const rows = [...page.matchAll(/^\|(?! ---)(.+)\|(.+)\|(.+)\|$/gm)].map((match) => match.slice(1) as [string, string, string]);
  let story: string | undefined;
  let folder: string | undefined;
  const wrong: string[] = [];
  const contains = (file: string, name: string): boolean => pathExists(file) && new RegExp(`\\b${name}\\b`).test(read(file).text);
  for (const [step, file, calls] of rows) {
    const heading = /step in `([\w-]+\.ts)`/.exec(step);
    if (heading) {
      folder = /`(src\/[\w-]+)`/.exec(file)![1]!;
      story = `${folder}/${heading[1]}`;
      if (!pathExists(story)) wrong.push(story);
      continue;
    }
    if (story === undefined || !/`[\w-]+\.ts`/.test(`${file}${calls}`)) continue;
    for (const [, name] of step.matchAll(/`(\w+)`/g)) {
      const files = [...file.matchAll(/`([\w-]+\.ts)`/g)].map((match) => `${folder}/${match[1]}`);
      if (![story, ...files].some((one) => contains(one, name!))) wrong.push(`${story}: ${name}`);
    }
    for (const [, names, target] of calls.matchAll(/((?:`\w+`(?:, )?)+) \(`(src\/[^`]+)`\)/g))
      for (const [, name] of names!.matchAll(/`(\w+)`/g)) if (!contains(target!, name!)) wrong.push(`${target}: ${name}`);
  }
  assert.ok(story);
  assert.deepEqual(wrong, []);
});
