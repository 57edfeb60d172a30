import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { ModelComparison } from '../../src/evaluation/comparison/compare-sets.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { changedStarter } from '../support/changed-starter.js';
import { assertShape, chestAi, objects, type Analyzed } from '../support/chest-ai-command.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { blotchPng, writePictureSet } from '../support/picture-set.js';
import { sendByStow } from '../support/send.js';
import { smallSamples } from '../support/small-samples.js';
import { twoFindingModel } from '../support/two-finding-model.js';

/** Two versions of the starter: the same one, and one that sees smaller images. */
async function twoVersions(dataDir: string): Promise<{ readonly first: string; readonly second: string }> {
  const starter = await loadModelVersion(twoFindingModel);
  const registry = openRegistry(join(dataDir, 'models'));
  const same = changedStarter(starter, '2026-11-24');
  const other = changedStarter(starter, '2026-11-25', 160);
  return { first: (await registry.add(same)).version, second: (await registry.add(other)).version };
}

describe('models try and models compare', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('models-try');
  const { opacity } = smallSamples();
  const file = join(dataDir, 'chest.dcm');
  let versions = { first: '', second: '' };
  before(async () => {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, opacity.files[0]!);
    versions = await twoVersions(dataDir);
    await sendByStow(opacity.files, pacs.dicomWeb);
  });
  const environment = (): Record<string, string> => ({
    DATA_DIR: dataDir,
    ORTHANC_URL: pacs.orthanc.url,
    ORTHANC_USERNAME: pacs.orthanc.username,
    ORTHANC_PASSWORD: pacs.orthanc.password,
    LOG_LEVEL: 'error',
  });

  test('try: files as `analyze` reports them, but by the named version', async () => {
    const [analyzed] = objects<Analyzed>(await chestAi(['analyze', '--json', file], environment()));
    const same = await chestAi(['models', 'try', versions.first.slice(0, 6), '--json', file], environment());
    assert.equal(same.code, 0, same.stderr);
    const [found] = objects<Analyzed>(same);
    assertShape(found!);
    assert.deepEqual(found, { ...analyzed, modelVersion: versions.first });
    const other = objects<Analyzed>(await chestAi(['models', 'try', versions.second, '--json', file], environment()))[0]!;
    assert.equal(other.modelVersion, versions.second);
    assert.notDeepEqual(other.findings, found!.findings);
    const text = await chestAi(['models', 'try', versions.second, file], environment());
    assert.match(text.stdout, /chest\.dcm {2}reported {2}pneumonia [\d.]+ %[\s\S]*Not for diagnosis/);
  });

  test('try --study: a study of the PACS, on record, and nothing is stored in it', async () => {
    const run = await chestAi(['models', 'try', versions.first, '--study', opacity.studyInstanceUID, '--json'], environment());
    assert.equal(run.code, 0, run.stderr);
    const [found] = objects<Analyzed>(run);
    const [ofFile] = objects<Analyzed>(await chestAi(['models', 'try', versions.first, '--json', file], environment()));
    assert.deepEqual(found!.findings, ofFile!.findings);
    assert.deepEqual([found!.file, found!.studyInstanceUID], [opacity.studyInstanceUID, opacity.studyInstanceUID]);
    const audit = await chestAi(['audit', 'export'], environment());
    assert.match(audit.stdout, new RegExp(`"study.analyze".*${opacity.studyInstanceUID}`));
    assert.equal((await pacs.dicomWeb.retrieveStudyMetadata(opacity.studyInstanceUID)).length, opacity.files.length);
  });

  test('try: what is missing or too much is named', async () => {
    for (const [args, expected] of [
      [['champion'], /expected files or --study UID, found neither/],
      [['champion', '--study', '1.2/3'], /expected a Study Instance UID after --study/],
      [['0123456789ab', file], /expected champion, challenger, a folder or one of 2 versions/],
    ] as const) {
      const run = await chestAi(['models', 'try', ...args], environment());
      assert.equal(run.code, 1, args.join(' '));
      assert.match(run.stderr, expected);
    }
  });

  test('compare: one line of JSON and text; a model and itself differ in nothing', async () => {
    const folder = temporaryDirectory('compare');
    const names = Array.from({ length: 12 }, (_, number) => `${number}.png`);
    const pictures = await Promise.all(names.map((name, number) => blotchPng(name, { width: 200, height: 200, bright: number % 3 === 0 })));
    await writePictureSet(
      folder,
      [
        'Patientid,finding,view,filename',
        ...names.map((name, number) => `p${number >> 1},${number % 3 ? 'No Finding' : 'COVID-19'},PA,${name}`),
      ].join('\n'),
      Object.fromEntries(names.map((name, number) => [name, pictures[number]!])),
    );
    const compare = (...args: readonly string[]) =>
      chestAi(['models', 'compare', ...args, '--dataset', folder, '--resamples', '50'], environment());
    const same = await compare(versions.first, 'champion', '--json');
    assert.equal(same.code, 0, same.stderr);
    const [found] = objects<ModelComparison & { readonly notice: string; readonly first: { readonly version: string } }>(same);
    assert.deepEqual([found!.n, found!.patients, found!.first.version, found!.notice], [12, 6, versions.first, 'Not for diagnosis.']);
    const covid = found!.findings.find(({ name }) => name === 'covid-19')!;
    assert.deepEqual([covid.n, covid.positives], [12, 4]);
    for (const { difference, pValue } of [covid.auroc, covid.sensitivity, covid.specificity])
      assert.deepEqual([difference.value, difference.interval, pValue], [0, [0, 0], 1]);
    const text = await compare(versions.first, versions.second);
    assert.equal(text.code, 0, text.stderr);
    assert.match(
      text.stdout,
      /covid-19: present in 4 of 12\n {2}AUROC {8}\d\.\d{3} → \d\.\d{3}, difference [+-]?\d\.\d{3} \(.* to .*\), p /,
    );
    assert.match(text.stdout, /Differences are second minus first.*\nNot for diagnosis/);
  });
});
