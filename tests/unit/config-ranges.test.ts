import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { loadConfig } from '../../src/config.js';
import { configSchema } from '../../src/config/schema.js';
import { isFault } from '../support/fault.js';

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
  'retraining.onPass': ['promote', 'challenge'],
  'retraining.augmentation': ['fastai', 'robust', 'none'],
  'log.level': ['debug', 'info', 'warn', 'error'],
  'log.format': ['text', 'json'],
};

/** Settings that are true or false. */
const switches = [
  'orthanc.analyseArchive',
  'report.skippedDocuments',
  'report.failedDocuments',
  'report.heatMaps',
  'retraining.enabled',
] as const;

const directory = mkdtempSync(join(tmpdir(), 'chest-ai-ranges-'));

function loadWith(path: string, value: unknown): unknown {
  const keys = path.split('.');
  const file = join(directory, 'config.yaml');
  writeFileSync(file, JSON.stringify(keys.reduceRight((inner, key) => ({ [key]: inner }), value as object)));
  return keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], loadConfig({ CONFIG_FILE: file }));
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

test('these tables name every setting that is a number, one of a few words, or true or false', () => {
  assert.deepEqual(Object.keys(numbers).sort(), [...settingsOf(['number', 'integer'], false)].sort());
  assert.deepEqual(Object.keys(words).sort(), [...settingsOf(['string'], true)].sort());
  assert.deepEqual([...switches].sort(), [...settingsOf(['boolean'], false)].sort());
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
