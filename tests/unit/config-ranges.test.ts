import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { loadConfig } from '../../src/config.js';
import { configSchema } from '../../src/config/schema.js';
import { isFault } from '../support/fault.js';
import { listener, oidc, texts } from '../support/text-settings.js';

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
  'radiologyReports.waitDays': [1, 3_650, 0, 3_651],
  'radiologyReports.hl7.port': [1, 65_535, 0, 65_536],
  'radiologyReports.hl7.maxMessageBytes': [1_000, 100_000_000, 999, 100_000_001],
  'radiologyReports.hl7.maxConnections': [1, 1_000, 0, 1_001],
  'radiologyReports.hl7.timeoutMs': [1, timer, 0, timer + 1],
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
  'radiologyReports.sr': ['off', 'verified', 'complete'],
  'retraining.onPass': ['promote', 'challenge'],
  'retraining.augmentation': ['fastai', 'robust', 'none'],
  'log.level': ['debug', 'info', 'warn', 'error'],
  'log.format': ['text', 'json'],
};

/** Settings that are true or false. */
const switches = [
  'assessments.hideOthersUntilAssessed',
  'orthanc.analyseArchive',
  'report.skippedDocuments',
  'report.failedDocuments',
  'report.heatMaps',
  'report.priors',
  'resultLabels.enabled',
  'retraining.enabled',
  'radiologyReports.fhir',
  'radiologyReports.labels',
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
    const others = setting.startsWith('radiologyReports.hl7.') ? listener : {};
    assert.equal(loadWith(setting, min, others), min);
    assert.equal(loadWith(setting, max, others), max);
    for (const outside of [below, above])
      assert.throws(() => loadWith(setting, outside, others), isFault('config-invalid', { detail: new RegExp(`${setting}: `) }));
    assert.throws(() => loadWith(setting, String(min), others), isFault('config-invalid', { detail: new RegExp(`${setting}: `) }));
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

test('a listener that other machines reach needs a list of senders or their certificates', () => {
  const detail = /radiologyReports\.hl7\.host: expected allowFrom or tls\.ca with an address that other machines reach/;
  for (const host of ['0.0.0.0', '10.1.2.3', 'chest-ai', '::'])
    assert.throws(() => loadWith('radiologyReports.hl7', { host, port: 2575 }), isFault('config-invalid', { detail }), host);
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) loadWith('radiologyReports.hl7', { host, port: 2575 });
  loadWith('radiologyReports.hl7', { host: '0.0.0.0', port: 2575, tls: { cert: '/a', key: '/a', ca: '/a' } });
});
