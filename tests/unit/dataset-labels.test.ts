import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { withGuardClass } from '../../src/dataset/guard-class.js';
import { importDataset } from '../../src/dataset/import-dataset.js';
import { manifestName, openDatasetFolder, readManifest } from '../../src/dataset/manifest.js';
import { mergeSources } from '../../src/dataset/merge-sources.js';
import { truthOf, truthsOf } from '../../src/evaluation/truth.js';
import { loadFindings } from '../../src/findings-config.js';
import { batchTargets } from '../../src/training/batch-targets.js';
import { validationFigures } from '../../src/training/validation-figures.js';
import { isFault } from '../support/fault.js';
import { blotchPng, writePictureSet } from '../support/picture-set.js';

const root = mkdtempSync(join(tmpdir(), 'dataset-labels-'));
after(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;
const fresh = (): string => join(root, String(serial++));
const rules = loadFindings(loadConfig({}).findingsFile).findings;
const classes = ['abnormal', 'opacity', 'pneumonia', 'covid-19', 'cardiomegaly'];

async function setOf(csv: string): Promise<Awaited<ReturnType<typeof writePictureSet>>> {
  const names = [...csv.matchAll(/(\w+\.png)/g)].map(([, name]) => name!);
  return writePictureSet(
    fresh(),
    csv,
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await blotchPng(name)] as const))),
  );
}

describe('present, absent and unknown findings', () => {
  test('without a list of absent findings a finding that no label names is absent, as before', () => {
    assert.deepEqual(truthOf({ labels: ['covid-19'] }, classes, rules), [1, 1, 1, 1, 0]);
    assert.deepEqual(truthOf({ labels: [] }, classes, rules), [0, 0, 0, 0, 0]);
    assert.deepEqual(truthOf({ labels: ['infiltration'] }, classes, rules), [1, 1, null, 0, 0]);
    assert.deepEqual(truthOf({ labels: ['cardiomegaly'], unknown: ['covid-19'] }, classes, rules), [1, 0, 0, null, 1]);
  });

  test('what a reader stated to be absent is absent, also beside a finding that leaves it open', () => {
    const read = { labels: ['opacity'], unknown: ['abnormal', 'covid-19', 'cardiomegaly'] };
    assert.deepEqual(truthOf(read, ['pneumonia'], rules), [null]);
    assert.deepEqual(truthOf({ ...read, origins: { opacity: 'radiologist', pneumonia: 'radiologist' } }, ['pneumonia'], rules), [0]);
  });

  test('with the list a finding that is not named is unknown, not absent', () => {
    assert.deepEqual(truthOf({ labels: ['cardiomegaly'], absent: [] }, classes, rules), [1, null, null, null, 1]);
    assert.deepEqual(truthOf({ labels: [], absent: [] }, classes, rules), [null, null, null, null, null]);
    assert.deepEqual(truthOf({ labels: ['cardiomegaly'], absent: ['opacity'] }, classes, rules), [1, 0, 0, 0, 1]);
    assert.deepEqual(truthOf({ labels: [], absent: ['abnormal'] }, classes, rules), [0, 0, 0, 0, 0], 'a normal image');
    assert.deepEqual(truthOf({ labels: ['pneumonia'], absent: ['covid-19'] }, classes, rules), [1, 1, 1, 0, null]);
  });

  test('the more reliable of two contradicting statements counts; of equal ones the truth is unknown', () => {
    const mined = { labels: ['pneumonia'], absent: ['opacity'] };
    assert.deepEqual(truthsOf({ ...mined, origins: { pneumonia: 'mined', opacity: 'radiologist' } }, ['opacity', 'pneumonia'], rules), [
      { truth: 0, origin: 'radiologist' },
      { truth: 0, origin: 'radiologist' },
    ]);
    assert.deepEqual(
      truthsOf({ ...mined, origins: { pneumonia: 'adjudicated', opacity: 'radiologist' } }, ['opacity', 'pneumonia'], rules),
      [
        { truth: 1, origin: 'adjudicated' },
        { truth: 1, origin: 'adjudicated' },
      ],
    );
    assert.deepEqual(truthOf({ ...mined, origins: { pneumonia: 'mined', opacity: 'mined' } }, ['pneumonia'], rules), [null]);
    assert.deepEqual(truthOf(mined, ['pneumonia'], rules), [null], 'without origins neither is more reliable');
  });

  test('only names of findings are looked up', () => {
    assert.deepEqual(truthOf({ labels: ['constructor'], absent: [], origins: {} }, ['constructor', 'toString'], {}), [1, null]);
  });
});

describe('a list with absent findings, origins, age and devices', () => {
  const csv = [
    'patientid,finding,absent,origin,age,devices,view,filename',
    '1,Pneumonia|Cardiomegaly,COVID-19,mined|pneumonia=radiologist,045Y,yes,AP,a.png',
    '2,No Finding,,adjudicated,8,no,PA,b.png',
    '3,,Opacity,radiologist,008M,,PA,c.png',
    '4,Cardiomegaly,,,,,PA,d.png',
    '5,,,mined,,,PA,e.png',
  ].join('\n');

  test('is imported, written as version 2 and read again', async () => {
    const set = await setOf(`${csv}\n`);
    const report = await importDataset(set);
    assert.deepEqual([report.kind, report.imported, report.rowsWithoutFinding], ['several', 4, [6]]);
    assert.match(readFileSync(join(set.out, manifestName), 'utf8'), /"version":2/);
    const { examples, classes: found } = await openDatasetFolder(set.out);
    assert.deepEqual(found, ['abnormal', 'cardiomegaly', 'covid-19', 'opacity', 'pneumonia']);
    assert.deepEqual(
      examples.map(({ labels, absent, origins, age, devices, file }) => [labels, absent, origins, age, devices, file]),
      [
        [
          ['cardiomegaly', 'pneumonia'],
          ['covid-19'],
          { cardiomegaly: 'mined', pneumonia: 'radiologist', 'covid-19': 'mined' },
          45,
          true,
          'cardiomegaly+pneumonia/a.png',
        ],
        [[], ['abnormal'], { abnormal: 'adjudicated' }, 8, false, 'no-finding/b.png'],
        [[], ['opacity'], { opacity: 'radiologist' }, 0.67, undefined, 'absent-or-unknown/c.png'],
        [['cardiomegaly'], [], undefined, undefined, undefined, 'cardiomegaly/d.png'],
      ],
    );
    const again = await importDataset(set);
    assert.deepEqual([again.imported, again.alreadyThere], [0, 4]);
  });

  test('merged with others it keeps what is unknown; the guard takes pictures of other kinds without statements', async () => {
    const [first, second] = [await setOf(`${csv}\n`), await setOf('patientid,finding,filename\n1,Hernia|Cardiomegaly,a.png\n')];
    await importDataset(first);
    await importDataset(second);
    const merged = mergeSources(await Promise.all([first.out, second.out].map(openDatasetFolder)));
    const normal = merged.examples.find(({ absent }) => absent?.includes('abnormal'))!;
    assert.deepEqual(truthOf(normal, ['hernia', 'pneumonia'], rules), [0, 0], 'a normal image has no hernia either');
    assert.deepEqual(truthOf(merged.examples[0]!, ['hernia'], rules), [null]);
    const guarded = withGuardClass(merged, { name: 'frontal-chest', share: 0.5, seed: 1, others: merged });
    const foreign = guarded.examples.at(-5)!;
    assert.deepEqual(truthOf(foreign, ['frontal-chest', 'pneumonia'], rules), [0, null]);
    assert.deepEqual(truthOf(guarded.examples[0]!, ['frontal-chest', 'abnormal'], rules), [1, 1]);
    assert.deepEqual(truthOf({ ...normal, labels: ['frontal-chest'] }, ['frontal-chest', 'abnormal'], rules), [1, 0]);
  });

  test('errors name line, column and what was expected', async () => {
    for (const [row, expected] of [
      ['1,Mass,Mass,,,,PA,a.png', /line 2, column absent: expected a finding that the row does not name as present too, found "mass"/],
      ['1,Mass,,guessed,,,PA,a.png', /line 2, column origin: expected one of adjudicated, radiologist, mined, report, found "guessed"/],
      ['1,Mass,,hernia=mined,,,PA,a.png', /line 2, column origin: expected a finding that the row names/],
      ['1,Mass,,,,maybe,PA,a.png', /line 2, column devices: expected yes, no or an empty cell, found "maybe"/],
    ] as const) {
      const set = await setOf(`patientid,finding,absent,origin,age,devices,view,filename\n${row}\n`);
      await assert.rejects(importDataset({ ...set, kind: 'several' }), expected);
    }
    const single = await setOf('patientid,finding,absent,filename\n1,Mass,Hernia,a.png\n');
    await assert.rejects(
      importDataset({ ...single, kind: 'one-of-many' }),
      /expected an empty cell, because each image has exactly one class/,
    );
  });

  test('a manifest that contradicts itself is refused; one of version 1 stays version 1', async () => {
    const old = await setOf('patientid,finding,filename\n1,Mass|Hernia,a.png\n2,No Finding,b.png\n');
    await importDataset(old);
    const file = join(old.out, manifestName);
    const text = readFileSync(file, 'utf8');
    assert.match(text, /"version":1/);
    const { examples } = await openDatasetFolder(old.out);
    assert.deepEqual(truthOf(examples[1]!, ['mass', 'cough'], {}), [0, 0], 'unnamed findings are absent, as before');
    for (const [change, expected] of [
      ['"absent":["mass"]', /expected mass to be present or absent, found both/],
      ['"absent":["cough"]', /expected labels of hernia, mass, found hernia, mass, cough/],
      ['"origins":{"cough":"mined"}', /expected origins of the findings that it names, found one of cough/],
      ['"origins":{"mass":"guessed"}', /origins/],
      ['"age":-1', /age/],
    ] as const) {
      writeFileSync(file, text.replace('"labels":["hernia"', `${change},"labels":["hernia"`));
      await assert.rejects(readManifest(old.out), (error) => isFault('dataset-invalid')(error) && expected.test(String(error)));
    }
  });
});

describe('a label counts in the loss by its origin', () => {
  const item = (truth: readonly (0 | 1 | null)[], weights?: readonly number[]) => ({ source: 'a', truth, weights });

  test('unknown has no weight, a mined label half', () => {
    const { weights } = batchTargets([item([1, null, 0], [1, 1, 0.5]), item([0, 1, 1])], 'several', 0);
    assert.deepEqual([...weights!], [1, 0, 0.5, 1, 1, 1]);
    assert.deepEqual([...batchTargets([item([0, 1], [1, 0.25]), item([1, 0])], 'one-of-many', 0).weights!], [0.25, 1], 'one a picture');
  });

  test('validation weighs alike', () => {
    const logits = Float32Array.of(2, -1);
    const { loss, accuracy } = validationFigures([item([1, 1], [1, 0.5])], logits, 'several');
    assert.ok(Math.abs(loss - (Math.log1p(Math.exp(-2)) + 0.5 * Math.log1p(Math.exp(1))) / 1.5) < 1e-6);
    assert.ok(Math.abs(accuracy - 1 / 1.5) < 1e-12);
  });
});
