import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadConfig, type Config } from '../../src/config.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';

const folder = temporaryDirectory('config-messages');
const file = join(folder, 'config.yaml');

function load(messages: unknown, environment: NodeJS.ProcessEnv = {}): Config['messages'] {
  writeFileSync(file, JSON.stringify({ messages }));
  return loadConfig({ ...environment, CONFIG_FILE: file }).messages;
}
const refuses = (messages: unknown, detail: RegExp): void =>
  assert.throws(() => load(messages), isFault('config-invalid', { detail }), JSON.stringify(messages));

const webhook = { url: 'https://ris.hospital.example/results' };
const email = { host: 'mail', from: 'ai@hospital.example', to: ['xray@hospital.example'] };
const channel = (kind: string, settings: object, more: object = {}): object => ({ channels: [{ name: 'one', [kind]: settings, ...more }] });

test('without the setting there is no channel and no rule', () => {
  assert.deepEqual(load(undefined), { channels: [], rules: [] });
});

test('the defaults: no patient, encrypted', () => {
  assert.deepEqual(load(channel('webhook', webhook)).channels, [
    { name: 'one', webhook: { ...webhook, plainHttp: false, timeoutMs: 30_000 }, patient: [] },
  ]);
  const [mail] = load(channel('email', email)).channels;
  assert.deepEqual(mail!.email, { ...email, port: 587, encryption: 'starttls', language: 'en', timeoutMs: 30_000 });
  const { hl7 } = load(channel('hl7', { host: 'ris', port: 2575 })).channels[0]!;
  assert.deepEqual(hl7, {
    host: 'ris',
    port: 2575,
    sendingApplication: 'CHEST-AI',
    sendingFacility: '',
    receivingApplication: '',
    receivingFacility: '',
    characterSet: 'UNICODE UTF-8',
    answerTimeoutMs: 30_000,
  });
});

describe('each setting of a channel at both ends, and beyond', () => {
  const longest = (max: number): string => 'x'.repeat(max);
  const ranges: readonly (readonly [
    kind: string,
    base: object,
    setting: string,
    accepted: readonly unknown[],
    refused: readonly unknown[],
  ])[] = [
    [
      'webhook',
      webhook,
      'url',
      ['https://a', `https://${longest(50)}/?b=1`],
      ['http://a', 'ftp://a', 'a', 'https://user@a', 'https://a#b'],
    ],
    ['webhook', webhook, 'secret', ['', longest(4_096)], [longest(4_097), 1]],
    ['webhook', webhook, 'timeoutMs', [1, 2_147_483_647], [0, 2_147_483_648, '1']],
    ['webhook', webhook, 'plainHttp', [true, false], ['true']],
    ['webhook', webhook, 'tls', [{}, { ca: 'a' }, { cert: 'a', key: 'b' }], [{ cert: 'a' }, { key: 'a' }, { other: 'a' }, { ca: '' }]],
    ['email', email, 'port', [1, 65_535], [0, 65_536]],
    ['email', email, 'encryption', ['starttls', 'tls', 'none'], ['ssl', '']],
    ['email', email, 'language', ['en', 'de'], ['fr', '']],
    ['email', email, 'from', ['a@b.example'], ['a', 'Name <a@b.example>', 'a@b.example\nBcc: c@d.example']],
    [
      'email',
      email,
      'to',
      [['a@b.example'], Array.from({ length: 100 }, () => 'a@b.example')],
      [[], 'a@b.example', Array.from({ length: 101 }, () => 'a@b.example')],
    ],
    ['email', email, 'digest', ['0 7 * * *', longest(100)], ['', longest(101)]],
    ['email', email, 'timeoutMs', [1], [0]],
    ['email', email, 'subject', ['{findings}, {accessionNumber}', longest(200)], ['', longest(201), 'a\nb', '{finding}', '{constructor}']],
    [
      'email',
      email,
      'text',
      ['{findings}\n{page} {{ }}'.replace('{{ }}', '{'), longest(10_000)],
      ['', longest(10_001), '{patientName}', '{}'],
    ],
    ['hl7', { host: 'a', port: 1 }, 'port', [1, 65_535], [0, 65_536]],
    ['hl7', { host: 'a', port: 1 }, 'host', ['a', longest(253)], ['', longest(254)]],
    ['hl7', { host: 'a', port: 1 }, 'characterSet', ['UNICODE UTF-8', '8859/1', 'ASCII'], ['UTF-8']],
    ['hl7', { host: 'a', port: 1 }, 'sendingApplication', ['a', longest(180)], ['', longest(181), 'a\rb']],
    ['hl7', { host: 'a', port: 1 }, 'answerTimeoutMs', [1, 2_147_483_647], [0, 2_147_483_648]],
    ['fhir', { url: 'https://a' }, 'url', ['http://a/r4', 'https://a'], ['a', 'ftp://a', 'https://user:password@a']],
    ['fhir', { url: 'https://a' }, 'token', [longest(4_096)], [longest(4_097)]],
    ['fhir', { url: 'https://a' }, 'answerTimeoutMs', [1, 2_147_483_647], [0, 2_147_483_648]],
  ];
  for (const [kind, base, setting, accepted, refused] of ranges)
    test(`${kind}.${setting}`, () => {
      for (const value of accepted) {
        const loaded = load(channel(kind, { ...base, [setting]: value })).channels[0] as unknown as Record<string, Record<string, unknown>>;
        assert.deepEqual(loaded[kind]![setting], value);
      }
      for (const value of refused) refuses(channel(kind, { ...base, [setting]: value }), new RegExp(`messages\\.channels\\.0\\.${kind}`));
    });

  test('templates name the patient only where the channel may, and never in the subject', () => {
    const named = (text: string, patient: readonly string[]) => channel('email', { ...email, text }, { patient });
    assert.equal(load(named('{patientId} {patientSex}', ['id', 'sex'])).channels[0]!.email!.text, '{patientId} {patientSex}');
    refuses(named('{patientId} {patientSex}', ['id']), /expected patient: \[sex\] for a channel with \{patientSex\}, found id/);
    refuses(channel('email', { ...email, subject: '{patientId}' }, { patient: ['id'] }), /no attribute of the patient in a subject/);
    refuses(channel('email', { ...email, subject: '{acessionNumber}' }), /did you mean \{accessionNumber\}\?/);
  });

  test('http needs plainHttp, and an account needs encryption', () => {
    assert.equal(load(channel('webhook', { url: 'http://a', plainHttp: true })).channels[0]!.webhook!.url, 'http://a');
    refuses(channel('webhook', { url: 'http://a' }), /begins with https, or plainHttp: true/);
    refuses(channel('email', { ...email, encryption: 'none', username: 'a' }), /no login without encryption/);
  });
});

test('rules: each setting at both ends, and beyond', () => {
  const rule = (given: object): object => ({ ...channel('webhook', webhook), rules: [{ channel: 'one', ...given }] });
  for (const given of [
    { probabilityFrom: 0 },
    { probabilityFrom: 1 },
    { decision: 'any' },
    { outcome: 'failed' },
    { findings: ['a'] },
    { hours: '20-06' },
    { hours: '07:30-24' },
    { maxStudyAgeDays: 0 },
    { maxStudyAgeDays: 36_500 },
  ])
    assert.equal(load(rule(given)).rules.length, 1, JSON.stringify(given));
  assert.deepEqual(load(rule({ site: 'a' })).rules[0]!.site, ['a']);
  for (const given of [
    { probabilityFrom: -0.1 },
    { probabilityFrom: 1.1 },
    { decision: 'maybe' },
    { outcome: 'skipped' },
    { findings: [] },
    { hours: '20' },
    { hours: '25-06' },
    { hours: '20-06:60' },
    { hours: 20 },
    { site: [] },
    { site: 7 },
    { maxStudyAgeDays: -1 },
    { maxStudyAgeDays: 36_501 },
    { outcome: 'failed', findings: ['a'] },
    { outcome: 'failed', probabilityFrom: 0.5 },
    { finding: ['a'] },
  ])
    refuses(rule(given), /messages\.rules\.0/);
});

test('a channel that does not exist is refused with the nearest; a name that stands twice is refused', () => {
  const one = { name: 'ris-hook', webhook };
  refuses(
    { channels: [one], rules: [{ channel: 'ris-hok' }] },
    /expected a channel \(ris-hook\), found "ris-hok" \(did you mean "ris-hook"\?\)/,
  );
  refuses({ rules: [{ channel: 'ris' }] }, /expected a channel \(none is configured\), found "ris"/);
  refuses({ channels: [one, { ...one }] }, /found "ris-hook" twice/);
  refuses({ channels: [{ name: 'two', webhook, email }] }, /expected exactly one of hl7, fhir, webhook, email/);
  refuses({ channels: [{ name: 'none' }] }, /expected exactly one of hl7, fhir, webhook, email/);
  refuses(channel('webhok', webhook), /"webhok"/);
});

test('secrets come from the environment, else from a file', () => {
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, 'from the file\n');
  const messages = {
    channels: [
      { name: 'ris-hook', webhook: { ...webhook, secretFile } },
      { name: 'fhir', fhir: { url: 'https://a', tokenFile: secretFile } },
      { name: 'mail', email: { ...email, username: 'a', passwordFile: secretFile } },
    ],
  };
  const secretsOf = ({ channels }: Config['messages']): readonly (string | undefined)[] =>
    channels.map((one) => one.webhook?.secret ?? one.fhir?.token ?? one.email?.password);
  assert.deepEqual(secretsOf(load(messages)), ['from the file', 'from the file', 'from the file']);
  assert.deepEqual(
    secretsOf(load(messages, { CHANNEL_SECRET_RIS_HOOK: 'of hook', CHANNEL_SECRET_FHIR: 'of fhir', CHANNEL_SECRET_MAIL: 'of mail' })),
    ['of hook', 'of fhir', 'of mail'],
  );
  refuses(
    channel('webhook', { ...webhook, secretFile: join(folder, 'missing') }),
    /messages\.channels, one, webhook\.secretFile .*missing cannot be read/,
  );
});
