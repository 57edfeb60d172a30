import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, projectRoot } from '../../src/config.js';
import { parseConfig } from '../../src/config-file.js';
import { deprecatedRules } from '../../src/config/deprecated-names.js';
import { Fault } from '../../src/errors.js';
import { promotionRulesSchema } from '../../src/evaluation/promotion/promotion-rules.js';

function configFile(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'chest-ai-config-')), 'config.yaml');
  writeFileSync(file, text);
  return file;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'config-invalid');
    return error.message;
  }
  throw new Error('accepted');
}

test('the shipped configuration is valid and listens on loopback only', () => {
  const config = loadConfig({});
  assert.equal(config.server.host, '127.0.0.1');
  assert.equal(config.orthanc.url, undefined);
  assert.ok(config.routingFile.endsWith('config/routing.yaml'));
});

test('the environment overrides the file', () => {
  const file = configFile('server: { port: 9000 }\northanc: { url: http://one:8042 }\n');
  const config = loadConfig({ CONFIG_FILE: file, PORT: '9100', ORTHANC_URL: 'https://two:8042/orthanc' });
  assert.equal(config.server.port, 9100);
  assert.equal(config.orthanc.url, 'https://two:8042/orthanc');
});

test('a typing error in a name is refused with file and line', () => {
  const file = configFile('server:\n  port: 9000\northanc:\n  pollIntervallMs: 5\n');
  assert.match(
    refusal(() => loadConfig({ CONFIG_FILE: file })),
    new RegExp(`${file}:4: orthanc: .*pollIntervallMs`),
  );
});

test('a wrong value is refused with what was expected and what was found', () => {
  const file = configFile('log:\n  level: loud\n');
  const text = refusal(() => loadConfig({ CONFIG_FILE: file }));
  assert.match(text, /:2: log\.level: .*"debug".*\(found "loud"\)/);
});

test('the address of the service may have a path, but none that begins as a route of ours does', () => {
  for (const url of [
    'https://ai.example/?x=1',
    'https://ai.example/ai#x',
    'https://ai.example/api/ai',
    'https://ai.example/Study',
    'https://ai.example/a b',
    'https://ai.example/a//b',
    'https://ai.example/%22',
    'https://me:word@ai.example/ai',
  ])
    assert.match(
      refusal(() => loadConfig({ PUBLIC_URL: url })),
      /PUBLIC_URL: expected https:\/\/chest-ai\.hospital\.example or a path of letters/,
      url,
    );
  for (const url of [
    'https://ai.example',
    'https://ai.example/',
    'http://localhost:8787',
    'https://ai.example/ai',
    'https://ai.example/x-ray/ai/',
  ])
    assert.equal(loadConfig({ PUBLIC_URL: url }).server.publicUrl, url);
});

test("no base path can be taken for a route of the service's own", () => {
  const first = new Set(
    [...readFileSync(join(projectRoot, 'src/server/routes/page.ts'), 'utf8').matchAll(/'(\/[a-z-]+)/g)].map(([, part]) => part!),
  );
  assert.ok(first.size > 10);
  for (const part of first)
    assert.match(
      refusal(() => loadConfig({ PUBLIC_URL: `https://ai.example${part}` })),
      /PUBLIC_URL/,
      part,
    );
});

test('a wrong environment variable is named', () => {
  assert.match(
    refusal(() => loadConfig({ PORT: 'eighty' })),
    /environment variable PORT/,
  );
  assert.match(
    refusal(() => loadConfig({ ORTHANC_URL: 'orthanc:8042' })),
    /environment variable ORTHANC_URL: expected an address/,
  );
  assert.match(
    refusal(() => loadConfig({ CONFIG_FILE: '/nowhere.yaml' })),
    /CONFIG_FILE names \/nowhere\.yaml/,
  );
});

test('the password is read from its file', () => {
  const secret = configFile('s3cret\n');
  assert.equal(loadConfig({ ORTHANC_PASSWORD_FILE: secret }).orthanc.password, 's3cret');
  assert.match(
    refusal(() => loadConfig({ ORTHANC_PASSWORD_FILE: '/nowhere' })),
    /passwordFile/,
  );
});

test('the names of releases 0.1.0 and 0.2.0 are accepted, each with a warning that names the new one', () => {
  const file = configFile('night:\n  enabled: false\n  minimumNewLabels: 7\nverdicts:\n  verifiers: [a]\n  organization: H\n');
  const warnings: string[] = [];
  const config = loadConfig({ CONFIG_FILE: file }, {}, (warning) => warnings.push(warning));
  assert.deepEqual([config.retraining.enabled, config.retraining.minNewLabels, config.assessments.verifiers], [false, 7, ['a']]);
  assert.deepEqual(warnings, [
    `${file}:1: the setting "night" is now called "retraining"; the old name works until release 0.4.0`,
    `${file}:3: the setting "retraining.minimumNewLabels" is now called "retraining.minNewLabels"; the old name works until release 0.4.0`,
    `${file}:4: the setting "verdicts" is now called "assessments"; the old name works until release 0.4.0`,
  ]);
  const both = configFile('night: { enabled: false }\nretraining: { enabled: true }\n');
  assert.match(
    refusal(() => loadConfig({ CONFIG_FILE: both }, {}, () => undefined)),
    /:1: "night" is the old name of "retraining", and the file has both/,
  );
});

test('a mistake below an old name is refused under the new one, with its line', () => {
  const file = configFile('night:\n  testShare: 2\n  enable: true\n');
  const text = refusal(() => loadConfig({ CONFIG_FILE: file }, {}, () => undefined));
  assert.match(text, /:2: retraining\.testShare: .*\(found 2\)/);
  assert.match(text, /retraining: .*enable/);
});

test('the rules of the gate accept a deprecated name, with a warning that states the present name', () => {
  const warnings: string[] = [];
  const rules = parseConfig('leastPatients: 9', 'rules.yaml', promotionRulesSchema, deprecatedRules, (warning) => warnings.push(warning));
  assert.equal(rules.minPatients, 9);
  assert.deepEqual(warnings, [
    'rules.yaml:1: the setting "leastPatients" is now called "minPatients"; the old name works until release 0.4.0',
  ]);
});
