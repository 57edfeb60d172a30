import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { Fault } from '../../src/errors.js';

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

test('the key "verdicts" of release 0.2.0 is read as "assessments", with a warning that names file, line and the new name', async (t) => {
  const warn = t.mock.method(process, 'emitWarning', () => undefined);
  const file = configFile('server:\n  port: 9000\nverdicts:\n  verifiers: [mueller]\n  organization: Example Hospital\n');
  assert.deepEqual(loadConfig({ CONFIG_FILE: file }).assessments.verifiers, ['mueller']);
  assert.deepEqual(
    warn.mock.calls.map((call) => call.arguments),
    [[`${file}:3: "verdicts" is now called "assessments". The former name works until the next release.`, 'DeprecationWarning']],
  );
  const both = configFile('verdicts: {}\nassessments: {}\n');
  assert.match(
    refusal(() => loadConfig({ CONFIG_FILE: both })),
    /:1: "verdicts" is the former name of "assessments"; expected one of them, found both/,
  );
  const wrong = configFile('verdicts:\n  verifiers: 7\n');
  assert.match(
    refusal(() => loadConfig({ CONFIG_FILE: wrong })),
    /:2: assessments\.verifiers: /,
  );
});

test('a wrong value is refused with what was expected and what was found', () => {
  const file = configFile('log:\n  level: loud\n');
  const text = refusal(() => loadConfig({ CONFIG_FILE: file }));
  assert.match(text, /:2: log\.level: .*"debug".*\(found "loud"\)/);
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
