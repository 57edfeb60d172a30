import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { loadConfig } from '../../src/config.js';
import { configSchema } from '../../src/config/schema.js';
import { isFault } from '../support/fault.js';
import { resultLabelTexts } from '../support/result-label-texts.js';

const timer = 2_147_483_647;
/** Every setting that is a number: the smallest and the largest value that it accepts, and the next ones outside. */
const numbers: Readonly<Record<string, readonly [min: number, max: number, below: number, above: number]>> = {
  'orthanc.requestTimeoutMs': [1, timer, 0, timer + 1],
  'orthanc.maxConcurrentRequests': [1, 1_000, 0, 1_001],
  'orthanc.pollIntervalMs': [1, timer, 0, timer + 1],
  'orthanc.sweepIntervalMs': [1, timer, 0, timer + 1],
  'orthanc.sweepDays': [1, 36_500, 0, 36_501],
  'orthanc.stabilityCheckMs': [1, timer, 0, timer + 1],
  'orthanc.privateStableAgeSeconds': [1, 86_400, 0, 86_401],
  'server.port': [0, 65_535, -1, 65_536],
  'access.sessionIdleMinutes': [1, 525_600, 0, 525_601],
  'access.sessionHours': [1, 8_760, 0, 8_761],
  'uploads.maxMegabytes': [1, 1_000_000, 0, 1_000_001],
  'model.watchIntervalMs': [1, timer, 0, timer + 1],
  'model.precedence': [-1_000, 1_000, -1_001, 1_001],
  'engine.threads': [0, 1_024, -1, 1_025],
  'engine.answerTimeoutMs': [1, timer, 0, timer + 1],
  'engine.firstAnswerTimeoutMs': [1, timer, 0, timer + 1],
  'work.studies': [1, 1_000, 0, 1_001],
  'work.decoders': [1, 1_000, 0, 1_001],
  'work.decoderMemoryMb': [256, 1_000_000, 255, 1_000_001],
  'work.decodeTimeoutMs': [1, timer, 0, timer + 1],
  'work.studyTimeoutMs': [1, timer, 0, timer + 1],
  'work.maxAttempts': [1, 1_000, 0, 1_001],
  'report.maxImages': [1, 1_000, 0, 1_001],
  'report.seriesNumber': [1, 2_147_483_000, 0, 2_147_483_001],
  'report.storageCommitmentTimeoutMs': [1, timer, 0, timer + 1],
  'triage.otherFindings': [0, 1_000, -1, 1_001],
  'triage.rulePriority': [0, 1_000, -1, 1_001],
  'triage.age.from0': [0, 1_000, -1, 1_001],
  'triage.age.from20': [0, 1_000, -1, 1_001],
  'triage.age.from40': [0, 1_000, -1, 1_001],
  'triage.age.from60': [0, 1_000, -1, 1_001],
  'triage.age.from80': [0, 1_000, -1, 1_001],
  'triage.emergency.weight': [0, 1_000, -1, 1_001],
  'triage.inpatient.weight': [0, 1_000, -1, 1_001],
  'triage.outpatient.weight': [0, 1_000, -1, 1_001],
  'triage.maxWaitMinutes': [1, 43_200, 0, 43_201],
  'triage.maxStudyAgeDays': [1, 36_500, 0, 36_501],
  'triage.claimMinutes': [1, 1_440, 0, 1_441],
  'retention.supersededReportsDays': [1, 36_500, 0, 36_501],
  'retention.supersededHeatMapsDays': [1, 36_500, 0, 36_501],
  'retraining.minNewLabels': [1, 1_000_000_000, 0, 1_000_000_001],
  'retraining.timeLimitMinutes': [0.01, 10_080, 0, 10_080.5],
  'retraining.threads': [1, 1_024, 0, 1_025],
  'retraining.testShare': [0.05, 0.6, 0.049, 0.601],
  'retraining.seed': [0, Number.MAX_SAFE_INTEGER, -1, 2 ** 53],
  'retraining.batch': [2, 65_536, 1, 65_537],
  'retraining.headEpochs': [0, 10_000, -1, 10_001],
  'retraining.headRate': [1e-9, 10, 0, 10.1],
  'retraining.epochs': [0, 10_000, -1, 10_001],
  'retraining.rate': [1e-9, 10, 0, 10.1],
  'drift.windowDays': [1, 3_650, 0, 3_651],
  'drift.minStudies': [30, 1_000_000, 29, 1_000_001],
  'drift.alpha': [1e-9, 0.1, 0, 0.101],
  'drift.minShift': [0, 100, -0.1, 100.1],
  'drift.minFall': [0, 1, -0.1, 1.1],
};

/** Settings that are one of a few words: the words, and one that is not among them. */
const words: Readonly<Record<string, readonly string[]>> = {
  'engine.prefer': [
    'auto',
    'onnx-cpu',
    'onnx-cuda',
    'onnx-webgpu',
    'tensorflow-gpu',
    'tensorflow-cpu',
    'tensorflow-webgpu',
    'tensorflow-wasm',
  ],
  'report.profile': ['ohif', 'air', 'stone'],
  'report.storageCommitment': ['off', 'if-offered', 'required'],
  'triage.order': ['urgency', 'priority'],
  'retraining.onPass': ['promote', 'challenge'],
  'retraining.augmentation': ['fastai', 'robust', 'none'],
  'log.level': ['debug', 'info', 'warn', 'error'],
  'log.format': ['text', 'json'],
};

const longest = (max: number, before = '', after = ''): string => before + 'x'.repeat(max - before.length - after.length) + after;

/** What a text setting accepts, first the shortest and the longest, and what it refuses, first what is too short and too long. */
interface TextSetting {
  readonly accepts: readonly unknown[];
  readonly refuses: readonly unknown[];
  /** Settings without which it is not valid. */
  readonly with?: Readonly<Record<string, unknown>>;
}

const lines = (max: number, min = 1): TextSetting => ({
  accepts: [longest(Math.max(min, 1)), longest(max), ...(min === 0 ? [''] : [])],
  refuses: [...(min === 0 ? [] : ['']), longest(max + 1), 'two\nlines', 'nul\0', 7],
});
const aPath = lines(4_096);
const aSecret: TextSetting = { accepts: ['', longest(4_096), 'two\nlines'], refuses: [longest(4_097), 7] };
const anAddress: TextSetting = {
  accepts: ['http://a', longest(2_000, 'https://a/')],
  refuses: ['', longest(2_001, 'https://a/'), 'ftp://a', 'orthanc:8042', 7],
};
const listOf = ({ accepts, refuses }: TextSetting, max?: number): TextSetting => ({
  accepts: [[], ...accepts.map((one) => [one]), ...(max === undefined ? [] : [Array.from({ length: max }, () => accepts[0])])],
  refuses: [...refuses.map((one) => [one]), ...(max === undefined ? [] : [Array.from({ length: max + 1 }, () => accepts[0])]), 'x'],
});
const conditions: TextSetting = {
  accepts: [
    [],
    [{ stationName: ['ER*'] }, { description: ['/stat/', 'missing'] }],
    Array.from({ length: 100 }, () => ({ modality: ['CR'] })),
  ],
  refuses: [
    [{}],
    [{ ward: ['1'] }],
    [{ stationName: [] }],
    [{ stationName: ['/(/'] }],
    Array.from({ length: 101 }, () => ({ modality: ['CR'] })),
    'ER',
  ],
};
const oidc = { issuer: 'https://a', clientId: 'a', roles: {} };
const inOidc = (setting: TextSetting): TextSetting => ({ ...setting, with: { 'access.oidc': oidc } });

/** Every setting that is a text or contains texts. */
const texts: Readonly<Record<string, TextSetting>> = {
  'orthanc.url': anAddress,
  'orthanc.dicomWebPath': { accepts: ['/', longest(1_000, '/')], refuses: ['', longest(1_001, '/'), 'dicom-web', '/a\n'] },
  'orthanc.username': lines(1_000, 0),
  'orthanc.password': aSecret,
  'orthanc.passwordFile': { ...aPath, accepts: [] },
  'orthanc.caFile': aPath,
  'server.host': lines(253),
  'server.hintToken': aSecret,
  'server.hintTokenFile': { ...aPath, accepts: [] },
  'server.publicUrl': {
    accepts: ['http://a', 'https://chest-ai.hospital.example/', 'https://a:8443'],
    refuses: ['', 'https://a/ai', 'https://a/?b', 'https://a/#c', 'ftp://a', 'chest-ai.hospital.example', 7],
  },
  'server.trustedProxies': listOf(lines(253), 1_000),
  'access.oidc.issuer': inOidc(anAddress),
  'access.oidc.clientId': inOidc(lines(1_000)),
  'access.oidc.clientSecret': inOidc(aSecret),
  'access.oidc.clientSecretFile': { ...inOidc(aPath), accepts: [] },
  'access.oidc.scope': inOidc(lines(1_000)),
  'access.oidc.nameClaim': inOidc(lines(1_000)),
  'access.oidc.rolesClaim': inOidc(lines(1_000)),
  'access.oidc.roles': inOidc({
    accepts: [{}, { a: 'viewer', [longest(1_000)]: 'admin' }],
    refuses: [{ '': 'viewer' }, { [longest(1_001)]: 'viewer' }, { a: 'root' }, []],
  }),
  'database.url': {
    accepts: ['postgres://', longest(4_096, 'postgresql://')],
    refuses: ['', longest(4_097, 'postgres://'), 'mysql://a', 7],
  },
  'database.urlFile': { ...aPath, accepts: [] },
  roles: {
    accepts: [['watch'], ['watch', 'work', 'train', 'web']],
    refuses: [[], ['watch', 'work', 'train', 'web', 'web'], ['sleep'], 'web'],
  },
  'viewer.directory': aPath,
  'viewer.cache': aPath,
  dataDir: aPath,
  'model.directory': aPath,
  'findings.off': listOf(lines(64)),
  'triage.weights': {
    accepts: [{}, { pneumothorax: 0, [longest(64)]: 1_000 }],
    refuses: [{ '': 1 }, { [longest(65)]: 1 }, { a: -1 }, { a: 1_001 }, { a: 0.5 }, { a: '1' }, []],
  },
  'triage.emergency.when': conditions,
  'triage.inpatient.when': conditions,
  'triage.outpatient.when': conditions,
  models: {
    accepts: [
      [],
      [{ name: 'a', precedence: 0, thresholds: {}, retraining: {}, drift: {} }],
      [
        {
          name: longest(40),
          precedence: 1_000,
          findings: [longest(64)],
          thresholds: { a: { presentFrom: 0.5 } },
          retraining: { seed: 1 },
          drift: { windowDays: 1 },
        },
      ],
    ],
    refuses: [
      [{ name: longest(41) }],
      [{ name: 'TB' }],
      [{ name: 'default' }],
      [{ name: 'tb' }, { name: 'tb' }],
      [{ name: 'tb', findings: [] }],
      [{ name: 'tb', thresholds: { a: { absentBelow: 0.6, presentFrom: 0.5 } } }],
      Array.from({ length: 17 }, (_, number) => ({ name: `line-${number}` })),
      {},
    ],
  },
  'messages.channels': {
    accepts: [[]],
    refuses: [
      [{ name: longest(41, 'a'), webhook: { url: 'https://a' } }],
      [{ name: 'A', webhook: { url: 'https://a' } }],
      [{ name: 'a' }],
      [{ name: 'a', webhook: { url: 'https://a' }, fhir: { url: 'https://a' } }],
      [{ name: 'a', webhook: { url: 'https://a' }, patient: ['address'] }],
      [{ name: 'a', dicom: { modality: 'WS' } }],
      [{ name: 'a', dicom: { modality: 'WS' }, patient: ['id'] }],
      [{ name: 'a', dicom: { storageCommitment: 'always' } }],
      {},
    ],
  },
  'messages.rules': {
    accepts: [[]],
    refuses: [[{ channel: 'a' }], [{}], {}],
  },
  'retention.schedule': lines(100),
  ...resultLabelTexts,
  'retraining.schedule': lines(100),
  'retraining.recipeFile': aPath,
  'retraining.rulesFile': aPath,
  'drift.schedule': lines(100),
  'drift.sites': {
    accepts: [{}, { N: ['a'], [longest(40)]: [longest(1_000)] }, { 'St. Mary-2': [] }],
    refuses: [{ '': ['a'] }, { [longest(41)]: ['a'] }, { 'a/b': ['a'] }, { N: [''] }, { N: [longest(1_001)] }, { N: 'a' }],
  },
  'assessments.verifiers': { ...listOf(lines(100)), with: { 'assessments.organization': 'A' } },
  'assessments.organization': { accepts: ['A', longest(64)], refuses: ['', ' ', longest(65), 7] },
  'assessments.acceptFrom': listOf({
    accepts: ['A', longest(16), '*', 'http', 'READING STATION'],
    refuses: ['', longest(17), ' A', 'A ', 'A\\\\B', 'A\n', 7],
  }),
  timeZone: { accepts: ['UTC', 'Europe/Berlin', 'America/Argentina/ComodRivadavia'], refuses: ['', '+01:00', 'Europe', longest(1_000), 7] },
  routingFile: aPath,
  findingsFile: aPath,
};

/** Settings that are true or false. */
const switches = [
  'orthanc.analyseArchive',
  'report.skippedDocuments',
  'report.failedDocuments',
  'report.heatMaps',
  'report.priors',
  'resultLabels.enabled',
  'retraining.enabled',
] as const;

const directory = mkdtempSync(join(tmpdir(), 'chest-ai-ranges-'));

/** @param others settings by path, set before it */
function loadWith(path: string, value: unknown, others: Readonly<Record<string, unknown>> = {}): unknown {
  const file = join(directory, 'config.yaml');
  const content = {};
  for (const [other, given] of Object.entries(others)) setIn(content, other.split('.'), structuredClone(given));
  setIn(content, path.split('.'), value);
  writeFileSync(file, JSON.stringify(content));
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], loadConfig({ CONFIG_FILE: file }));
}

function setIn(content: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const parent = keys.slice(0, -1).reduce((node, key) => (node[key] ??= {}) as Record<string, unknown>, content);
  parent[keys.at(-1)!] = value;
}

/** Paths of all settings of these JSON types. */
function settingsOf(types: readonly string[], withWords: boolean): readonly string[] {
  interface Node {
    readonly type?: string;
    readonly enum?: readonly string[];
    readonly properties?: Readonly<Record<string, Node>>;
  }
  const walk = (node: Node, path: readonly string[]): readonly string[] =>
    node.properties
      ? Object.entries(node.properties).flatMap(([key, child]) => walk(child, [...path, key]))
      : types.includes(node.type ?? '') && Boolean(node.enum) === withWords
        ? [path.join('.')]
        : [];
  return walk(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Node, []);
}

test('these tables name every setting', () => {
  assert.deepEqual(Object.keys(numbers).sort(), [...settingsOf(['number', 'integer'], false)].sort());
  assert.deepEqual(Object.keys(words).sort(), [...settingsOf(['string'], true)].sort());
  assert.deepEqual([...switches].sort(), [...settingsOf(['boolean'], false)].sort());
  assert.deepEqual(Object.keys(texts).sort(), [...settingsOf(['string', 'array', 'object'], false)].sort());
});

for (const [setting, [min, max, below, above]] of Object.entries(numbers))
  test(`${setting} accepts ${min} and ${max}, and refuses ${below} and ${above}`, () => {
    assert.equal(loadWith(setting, min), min);
    assert.equal(loadWith(setting, max), max);
    for (const outside of [below, above])
      assert.throws(() => loadWith(setting, outside), isFault('config-invalid', { detail: new RegExp(`${setting}: `) }));
    assert.throws(() => loadWith(setting, String(min)), isFault('config-invalid', { detail: new RegExp(`${setting}: `) }));
  });

for (const [setting, allowed] of Object.entries(words))
  test(`${setting} accepts ${allowed.join(', ')} and nothing else`, () => {
    for (const word of allowed) assert.equal(loadWith(setting, word), word);
    for (const other of ['', allowed[0]!.toUpperCase(), 1])
      assert.throws(() => loadWith(setting, other), isFault('config-invalid', { detail: new RegExp(`${setting}: `) }));
  });

for (const setting of switches)
  test(`${setting} accepts true and false and nothing else`, () => {
    for (const value of [true, false]) assert.equal(loadWith(setting, value), value);
    for (const other of ['true', 1])
      assert.throws(() => loadWith(setting, other), isFault('config-invalid', { detail: new RegExp(`${setting}: `) }));
  });

for (const [setting, { accepts, refuses, with: others }] of Object.entries(texts))
  test(`${setting}: texts at both ends, and texts that it refuses`, () => {
    // Paths of files with a secret are read at once, and other paths become absolute.
    for (const value of accepts) {
      const loaded = loadWith(setting, value, others);
      if (typeof value === 'string') assert.ok(String(loaded).endsWith(value), `${setting}: ${value.slice(0, 40)}`);
      else assert.deepEqual(loaded, value);
    }
    for (const value of refuses)
      assert.throws(
        () => loadWith(setting, value, others),
        isFault('config-invalid', { detail: new RegExp(`${setting}[.:]`) }),
        JSON.stringify(value)?.slice(0, 40),
      );
  });

test('an unknown setting is refused by its name, with the nearest one', () => {
  const suggestions: Readonly<Record<string, string | undefined>> = {
    'orthanc.pollIntervallMs': 'orthanc.pollIntervalMs',
    'orthanc.pasword': 'orthanc.password',
    'orthnac.url': 'orthanc',
    'retraining.threds': 'retraining.threads',
    // In another section.
    pollIntervalMs: 'orthanc.pollIntervalMs',
    'server.maxMegabytes': 'uploads.maxMegabytes',
    'access.oidc.clientID': 'access.oidc.clientId',
    'orthanc.colour': undefined,
  };
  for (const [setting, nearest] of Object.entries(suggestions)) {
    const key = setting.startsWith('orthnac') ? 'orthnac' : setting.split('.').at(-1)!;
    const others = setting.startsWith('access.oidc') ? { 'access.oidc': oidc } : {};
    const detail = new RegExp(nearest === undefined ? `"${key}"$` : `"${key}" \\(did you mean "${nearest.replaceAll('.', '\\.')}"\\?\\)`);
    assert.throws(() => loadWith(setting, 'x', others), isFault('config-invalid', { detail }), setting);
  }
});
