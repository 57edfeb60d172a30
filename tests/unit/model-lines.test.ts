import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, modelLine, modelLinesOf } from '../../src/config.js';
import type { LineServing, Serving } from '../../src/serving/model-serving.js';
import { servingLines } from '../../src/serving/serving-lines.js';
import { chooseModels } from '../../src/reporting/choose-models.js';
import { withLineThresholds } from '../../src/evaluation/operating-points.js';
import { registryFolder } from '../../src/registry/registry.js';
import { picturesOfStudy } from '../../src/retraining/picture-key.js';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import { removePicturesOfStudies } from '../../src/retraining/training-pictures.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { countingReader, prediction, servedModel } from '../support/two-models.js';
import { existsSync } from 'node:fs';

const directory = temporaryDirectory('model-lines');

function configOf(settings: unknown): ReturnType<typeof loadConfig> {
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify(settings));
  return loadConfig({ CONFIG_FILE: file });
}

test('without the setting there is one line, with the settings and folders of before', () => {
  const config = loadConfig({});
  const [only, ...others] = modelLinesOf(config);
  assert.deepEqual(others, []);
  assert.deepEqual([only?.name, only?.directory, only?.findings], ['default', config.model.directory, undefined]);
  assert.deepEqual([only?.retraining, only?.drift], [config.retraining, config.drift]);
  assert.equal(registryFolder(config), join(config.dataDir, 'models'));
  assert.equal(registryFolder(config, 'tb'), join(config.dataDir, 'models', 'lines', 'tb'));
  assert.equal(retrainingFolders(config).run, join(config.dataDir, 'retraining', 'run'));
  assert.equal(retrainingFolders({ dataDir: '/d', line: 'tb' }).run, '/d/retraining/lines/tb/run');
});

test('lines stand by falling precedence, the default line first among equals, and differ only in what they name', () => {
  const config = configOf({
    model: { precedence: 5 },
    models: [
      { name: 'b' },
      { name: 'a', precedence: 5 },
      { name: 'c', precedence: 9, directory: 'models/starter', retraining: { minNewLabels: 7 }, drift: { minStudies: 90 } },
    ],
    retraining: { seed: 3 },
  });
  assert.deepEqual(
    modelLinesOf(config).map(({ name }) => name),
    ['c', 'default', 'a', 'b'],
  );
  const { retraining, drift, directory: folder } = modelLine(config, 'c');
  assert.deepEqual([retraining.minNewLabels, retraining.seed, retraining.schedule], [7, 3, config.retraining.schedule]);
  assert.deepEqual([drift.minStudies, drift.alpha], [90, config.drift.alpha]);
  assert.ok(folder?.startsWith('/'), 'relative to the project');
  assert.throws(() => modelLine(config, 'd'), isFault('request-invalid', { detail: /c, default, a, b/ }));
});

for (const [what, settings, message] of [
  ['a name that is no folder', { models: [{ name: '../x' }] }, /lower-case letters/],
  ['the name of the default line', { models: [{ name: 'default' }] }, /another name than default/],
  ['two lines of one name', { models: [{ name: 'a' }, { name: 'a' }] }, /different name/],
  ['a setting that does not exist', { models: [{ name: 'a', precedense: 1 }] }, /precedense/],
  ['a setting of retraining that does not exist', { models: [{ name: 'a', retraining: { night: 1 } }] }, /night/],
  [
    'retraining without epochs',
    { models: [{ name: 'a', retraining: { epochs: 0, headEpochs: 0 } }] },
    /line a, retraining: expected epochs/,
  ],
  ['thresholds that cross', { models: [{ name: 'a', thresholds: { p: { absentBelow: 0.6, presentFrom: 0.5 } } }] }, /at most presentFrom/],
  ['no finding', { models: [{ name: 'a', findings: [] }] }, /findings/],
] as const)
  test(`the setting models refuses ${what}`, () => {
    assert.throws(
      () => configOf(settings),
      (error: Error) => (assert.match(error.message, message), isFault('config-invalid')(error)),
    );
  });

const reader = countingReader({ decoded: 0 });
const models = {
  first: servedModel('first', '111111111111', () => ({ findings: [prediction('pneumonia', 0.9)] })),
  other: servedModel('other', '222222222222', () => ({ findings: [] })),
};

function serving(
  model: ReturnType<typeof servedModel> | undefined,
  failure?: { version: string; code: string },
): LineServing & { readonly released: number } {
  let released = 0;
  return {
    champion: () => model,
    challenger: () => undefined,
    acquireChampion: () => model && { model, reader, release: () => void released++ },
    acquireChallenger: () => undefined,
    failure: () => failure,
    refresh: async () => undefined,
    close: async () => undefined,
    get released() {
      return released;
    },
  };
}

test('a study gets the champions of all lines by precedence, and what cannot be loaded is told', async () => {
  const [first, other, broken, empty] = [
    serving(models.first),
    serving(models.other),
    serving(undefined, { version: 'v', code: 'model-invalid' }),
    serving(undefined),
  ];
  const lines = servingLines(
    { ...first, reader } as unknown as Serving,
    ['other', 'default', 'broken', 'empty'],
    new Map([
      ['other', other],
      ['broken', broken],
      ['empty', empty],
    ]),
  );
  const acquired = lines.acquireChampions();
  assert.deepEqual(
    acquired.models.map(({ line, model }) => [line, model.version]),
    [
      ['other', '222222222222'],
      ['default', '111111111111'],
    ],
  );
  assert.deepEqual(acquired.unavailable, [{ line: 'broken', version: 'v', code: 'model-invalid' }]);
  assert.equal(acquired.first.model.version, '111111111111');
  acquired.release();
  assert.equal(other.released, 1);
  assert.throws(() => lines.line('none'), isFault('request-invalid'));
});

test('an unexpected error of one of several models is its own fault; of the only model it is a bug as before', async () => {
  const throwing = servedModel('first', '111111111111', () => {
    throw new TypeError('bug');
  });
  const alone = servingLines({ ...serving(throwing), reader } as unknown as Serving, ['default'], new Map());
  await assert.rejects(alone.models().models[0]!.model.predictXrays([{} as never]), TypeError);
  const two = servingLines(
    { ...serving(throwing), reader } as unknown as Serving,
    ['default', 'other'],
    new Map([['other', serving(models.other)]]),
  );
  await assert.rejects(
    two.models().models[0]!.model.predictXrays([{} as never]),
    isFault('engine-failed', { detail: /unexpected TypeError/ }),
  );
});

test('a version that two lines deploy predicts once; where no line has a network, the default one states that', () => {
  const twice = {
    models: [
      { line: 'a', model: models.first, reader },
      { line: 'default', model: models.first, reader },
    ],
    unavailable: [],
  };
  const ports = { model: () => models.first, reader, models: () => twice };
  assert.deepEqual(
    chooseModels('xray', ports).models.map(({ line }) => line),
    ['a'],
  );
  assert.deepEqual(
    chooseModels('ct', ports).models.map(({ line }) => line),
    ['default'],
  );
  assert.deepEqual(chooseModels(undefined, ports).models.length, 1);
});

test('thresholds of a line take the place of those of findings.json, finding by finding', () => {
  const findings = { pneumonia: { absentBelow: 0.1, presentFrom: 0.9, includes: ['a'] }, 'covid-19': {} };
  assert.deepEqual(withLineThresholds(findings, { pneumonia: { presentFrom: 0.5 }, nodule: { absentBelow: 0.2 } }), {
    pneumonia: { absentBelow: 0.1, presentFrom: 0.5, includes: ['a'] },
    'covid-19': {},
    nodule: { absentBelow: 0.2 },
  });
});

test('the training pictures of a deleted study are removed in every line', async () => {
  const dataDir = temporaryDirectory('pictures-of-lines');
  const files = [undefined, 'tb'].map((line) => {
    const { pictures } = retrainingFolders({ dataDir, line });
    mkdirSync(pictures, { recursive: true });
    return join(pictures, `${picturesOfStudy('1.2.3')}x.224`);
  });
  for (const file of files) writeFileSync(file, '');
  await removePicturesOfStudies({ dataDir }, ['1.2.3']);
  assert.deepEqual(
    files.map((file) => existsSync(file)),
    [false, false],
  );
});
