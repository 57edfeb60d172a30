import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import sharp from 'sharp';
import { projectRoot } from '../../src/config.js';
import { labelsOf } from '../../src/dataset/finding-labels.js';
import { importDataset } from '../../src/dataset/import-dataset.js';
import { openDatasetFolder, readManifest } from '../../src/dataset/manifest.js';
import { mergeSources } from '../../src/dataset/merge-sources.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { slugOf } from '../../src/dataset/slug.js';
import { verifyDataset } from '../../src/dataset/verify-dataset.js';
import { isFault } from '../support/fault.js';
import { blotchPng, writePictureSet } from '../support/picture-set.js';
import { tinyImage } from '../support/tiny-image.js';

const root = mkdtempSync(join(tmpdir(), 'dataset-'));
after(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;
const fresh = (): string => join(root, String(serial++));

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
const contentOf = (folder: string): string =>
  filesBelow(folder)
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    )
    .join('\n');

test('slugs', () => {
  for (const [text, slug] of [
    ['COVID-19', 'covid-19'],
    ['No Finding', 'no-finding'],
    ['Pneumonia/Viral', 'pneumonia-viral'],
    ['Épanchement pleural', 'epanchement-pleural'],
    ['  Neumonía   atípica ', 'neumonia-atipica'],
    ['Œdème', 'oedeme'],
    ['Großer Erguß', 'grosser-erguss'],
    ['Zapalenie płuc', 'zapalenie-pluc'],
    ['肺炎', '肺炎'],
    ['--', ''],
  ] as const)
    assert.equal(slugOf(text), slug);
});

test('labels of a cell', () => {
  assert.deepEqual(labelsOf('Pneumonia/Viral', 'one-of-many'), ['pneumonia-viral']);
  assert.deepEqual(labelsOf('Pneumonia/Viral', 'several'), ['pneumonia', 'pneumonia-viral']);
  assert.deepEqual(labelsOf('Mass|Effusion|Mass', 'several'), ['effusion', 'mass']);
  assert.deepEqual(labelsOf('No Finding', 'one-of-many'), ['no-finding']);
  assert.deepEqual(labelsOf('No Finding', 'several'), []);
  for (const unsaid of ['', ' ', 'Unknown', 'todo', 'n/a']) {
    assert.equal(labelsOf(unsaid, 'one-of-many'), undefined, unsaid);
    assert.equal(labelsOf(unsaid, 'several'), undefined, unsaid);
  }
});

describe('dataset import', () => {
  test('quoted cells, stray columns, accents, a byte-order mark, folders, orphans on both sides', async () => {
    const csv =
      '\u{feff}Patientid,finding,view,filename,"clinical notes, if any"\r\n' +
      '1,COVID-19,PA,a.png,"He felt ""well"",\r\nthen left"\r\n' +
      '2,Épanchement,AP,deep/b.png,x,y,z\r\n' +
      '2,Épanchement,AP\r\n' +
      '3,COVID-19,L,missing.png,\r\n' +
      ',No Finding,PA,c.png,\r\n' +
      '\r\n' +
      '5,,PA,d.png,\r\n';
    const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => blotchPng(name)));
    const set = await writePictureSet(fresh(), csv, {
      'a.png': a!,
      'deep/b.png': b!,
      'c.png': c!,
      'd.png': d!,
      'orphan.png': a!,
      '.hidden': 'x',
    });
    const before = contentOf(set.images);
    const report = await importDataset(set);
    assert.deepEqual(report.classes, { 'covid-19': 1, epanchement: 1, 'no-finding': 1 });
    assert.equal(report.kind, 'one-of-many');
    assert.equal(report.patients, 3);
    assert.deepEqual(
      report.rowsWithoutImage.map(({ filename }) => filename),
      ['', 'missing.png'],
    );
    assert.deepEqual(report.imagesWithoutRow, ['orphan.png']);
    assert.deepEqual(report.rowsWithoutFinding, [9]);
    assert.deepEqual(report.strayLines, [4, 5]);
    assert.equal(report.withoutPatient, 1);
    const { entries } = await readManifest(set.out);
    assert.deepEqual(
      entries.map(({ file, view, labels, finding }) => [file, view, labels, finding]),
      [
        ['covid-19/a.png', 'PA', ['covid-19'], 'COVID-19'],
        ['epanchement/b.png', 'AP', ['epanchement'], 'Épanchement'],
        ['no-finding/c.png', 'PA', ['no-finding'], 'No Finding'],
      ],
    );
    assert.deepEqual(readFileSync(join(set.out, 'epanchement/b.png')), b);
    assert.equal(entries[0]!.sha256, createHash('sha256').update(a!).digest('hex'));
    assert.equal(contentOf(set.images), before, 'the images themselves are as they were');

    const again = await importDataset(set);
    assert.deepEqual([again.imported, again.alreadyThere], [0, 3]);
    assert.equal((await readManifest(set.out)).entries.length, 3);
  });

  test('a list in Windows-1252, and headings of its own', async () => {
    const set = await writePictureSet(fresh(), Buffer.from('Bild;x,Befund,Wer\na.png,Ergu\xdf,7\nb.png,normal,8\n', 'latin1'), {
      'a.png': await blotchPng('a'),
      'b.png': await blotchPng('b'),
    });
    await assert.rejects(importDataset(set), /expected a column "finding" .* found "Bild;x", "Befund", "Wer"/);
    const report = await importDataset({ ...set, columns: { finding: 'Befund', filename: 'Bild;x', patient: 'Wer' } });
    assert.deepEqual([report.classes, report.encoding, report.patients], [{ erguss: 1, normal: 1 }, 'windows-1252', 2]);
  });

  test('several findings at once', async () => {
    const set = await writePictureSet(
      fresh(),
      'Image Index,Finding Labels,Patient ID,View Position\na.png,Mass|Effusion,1,PA\nb.png,No Finding,2,AP\nc.png,Mass,3,PA\n',
      { 'a.png': await blotchPng('a'), 'b.png': await blotchPng('b'), 'c.png': await blotchPng('c') },
    );
    const report = await importDataset(set);
    assert.deepEqual([report.kind, report.classes], ['several', { effusion: 1, mass: 2 }]);
    const source = await openDatasetFolder(set.out);
    assert.deepEqual(
      source.examples.map(({ labels, file }) => [labels, file]),
      [
        [['effusion', 'mass'], 'effusion+mass/a.png'],
        [[], 'no-finding/b.png'],
        [['mass'], 'mass/c.png'],
      ],
    );
    assert.equal((await importDataset({ ...set, out: `${set.out}-pa`, views: ['pa'] })).otherView, 1);
  });

  test('rows that contradict each other, unknown findings, unreadable images', async () => {
    const png = await blotchPng('a');
    const csv = 'patientid,finding,filename\n1,Mass,a.png\n1,Cough,a.png\n2,Mass,b.png\n2,Mass,b.png\n3,Cough,c.png\n4,Cough,d.png\n';
    const set = await writePictureSet(fresh(), csv, {
      'a.png': png,
      'b.png': await blotchPng('b'),
      'c.png': await blotchPng('c'),
      'd.png': png.subarray(0, 200),
    });
    await assert.rejects(
      importDataset({ ...set, findings: ['mass', 'no-finding'] }),
      /line 3: expected a finding of mass, no-finding, found "Cough" \(cough\)/,
    );
    assert.ok(!existsSync(set.out), 'nothing was written');
    const report = await importDataset(set);
    assert.deepEqual(report.contradictions, [{ filename: 'a.png', lines: [2, 3] }]);
    assert.deepEqual([report.imported, report.unreadable.map(({ file }) => file)], [3, ['d.png']]);
    assert.deepEqual(
      (await openDatasetFolder(set.out)).examples.map(({ file }) => file),
      ['mass/b.png', 'cough/c.png'],
      'what cannot be read is never trained on',
    );
  });

  test('one picture under two names: the same finding counts once, two findings are a contradiction', async () => {
    const [a, b] = [await blotchPng('a'), await blotchPng('b')];
    const set = await writePictureSet(fresh(), 'patientid,finding,filename\n1,Mass,a.png\n1,Mass,a2.png\n2,Cough,b.png\n3,Mass,b2.png\n', {
      'a.png': a,
      'a2.png': a,
      'b.png': b,
      'b2.png': b,
    });
    const report = await importDataset(set);
    assert.deepEqual([report.imported, report.alreadyThere, report.contradictions], [1, 1, [{ filename: 'b2.png', lines: [4, 5] }]]);
    assert.deepEqual(
      (await readManifest(set.out)).entries.map(({ file }) => file),
      ['mass/a.png'],
    );
  });

  test('what is no list, and no data set, is refused', async () => {
    const set = await writePictureSet(fresh(), 'patientid,finding\n1,Mass\n', {});
    await assert.rejects(importDataset(set), /expected a column "filename"/);
    writeFileSync(set.metadata, 'finding,filename\nMass,"a.png\n');
    await assert.rejects(importDataset(set), isFault('dataset-invalid'));
    writeFileSync(set.metadata, 'finding,filename\nMass,a.png\n');
    await assert.rejects(importDataset(set), /expected images of the list .* 1 rows, 0 files/);
    await assert.rejects(importDataset({ ...set, metadata: join(root, 'nowhere.csv') }), isFault('dataset-invalid'));
    await assert.rejects(openDatasetFolder(set.images), /expected a data set made by `dataset import`/);
    // a path out of the folder names no image of it
    writeFileSync(set.metadata, 'finding,filename\nMass,../metadata.csv\n');
    await assert.rejects(importDataset(set), isFault('dataset-invalid'));
  });

  test('a DICOM radiograph is a picture too', async () => {
    const { bytes } = tinyImage({ study: 'import' }, {}, 48, 40);
    const set = await writePictureSet(fresh(), 'patientid,finding,filename\n1,Mass,a.dcm\n2,Cough,b.png\n', {
      'a.dcm': bytes,
      'b.png': await blotchPng('b'),
    });
    assert.deepEqual((await importDataset(set)).unreadable, []);
    const source = await openDatasetFolder(set.out);
    const { width, height } = await source.picture(source.examples[0]!);
    assert.ok(width > 8 && height > 8);
  });
});

describe('dataset verify', () => {
  test('finds what is broken, changes nothing, repairs elsewhere, fills the cache', async () => {
    const names = ['good', 'cut', 'gone', 'changed', 'flat', 'small'];
    const pictures = Object.fromEntries(await Promise.all(names.map(async (name) => [`${name}.png`, await blotchPng(name)] as const)));
    pictures['flat.png'] = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#808080' } })
      .png()
      .toBuffer();
    pictures['small.png'] = await blotchPng('small', { width: 20, height: 64 });
    const csv = `patientid,finding,filename\n${names.map((name, index) => `${index},${index % 2 ? 'Mass' : 'Cough'},${name}.png`).join('\n')}\n`;
    const set = await writePictureSet(fresh(), csv, pictures);
    await importDataset(set);
    const source = await openDatasetFolder(set.out);
    truncateSync(join(set.out, 'mass/cut.png'), 300);
    rmSync(join(set.out, 'cough/gone.png'));
    writeFileSync(join(set.out, 'mass/changed.png'), await blotchPng('another'));
    const before = contentOf(set.out);
    const cache = new PictureCache(join(root, 'cache'), { width: 32, height: 32 });
    const report = await verifyDataset({ directory: set.out, repairInto: `${set.out}-repaired`, maxSize: 40, cache });
    assert.equal(contentOf(set.out), before);
    assert.deepEqual(
      report.broken.map(({ file, reason }) => `${file}: ${reason}`),
      [
        'mass/cut.png: the file has changed since it was imported',
        'cough/gone.png: the file is missing',
        'mass/changed.png: the file has changed since it was imported',
        'cough/flat.png: every pixel has the same value',
        'mass/small.png: expected at least 32 pixels a side, found 20 × 64',
      ],
    );
    const [example] = source.examples;
    assert.deepEqual([cache.has(example!.key), readFileSync(cache.fileOf(example!.key)).length], [true, 36 * 36]);

    const repaired = await openDatasetFolder(`${set.out}-repaired`);
    assert.equal(repaired.examples.length, 1);
    const picture = await repaired.picture(repaired.examples[0]!);
    assert.deepEqual([picture.width, picture.height], [40, 36]);
    assert.deepEqual((await verifyDataset({ directory: `${set.out}-repaired` })).broken, []);
    await assert.rejects(
      source.picture(source.examples.find(({ file }) => file === 'mass/changed.png')!),
      /expected the file that was imported/,
    );
  });

  test('a file that was cut off before it was imported is broken too', async () => {
    const png = await blotchPng('whole');
    const set = await writePictureSet(fresh(), 'patientid,finding,filename\n1,Mass,a.png\n2,Mass,b.png\n', {
      'a.png': png,
      'b.png': png.subarray(0, png.length - 40),
    });
    await importDataset(set);
    assert.deepEqual(
      (await verifyDataset({ directory: set.out })).broken.map(({ file }) => file),
      ['mass/b.png'],
    );
  });
});

test('data sets as one: a class that a set does not know is unknown there', async () => {
  const make = async (finding: string): Promise<string> => {
    const set = await writePictureSet(fresh(), `patientid,finding,filename\n1,${finding}|Both,a.png\n`, {
      'a.png': await blotchPng(finding),
    });
    await importDataset(set);
    return set.out;
  };
  const merged = mergeSources(
    await Promise.all([await openDatasetFolder(await make('Mass')), await openDatasetFolder(await make('Cough'))]),
  );
  assert.deepEqual(merged.classes, ['both', 'cough', 'mass']);
  assert.deepEqual(
    merged.examples.map(({ labels, unknown }) => [labels, unknown]),
    [
      [['both', 'mass'], ['cough']],
      [['both', 'cough'], ['mass']],
    ],
  );
  assert.ok((await merged.picture({ ...merged.examples[1]!, labels: [] })).width > 0);
});

test('the commands', async () => {
  const csv = `patientid,finding,filename\n${Array.from({ length: 6 }, (_, index) => `${index},${index % 2 ? 'Mass' : 'Cough'},${index}.png`).join('\n')}\n`;
  const set = await writePictureSet(
    fresh(),
    csv,
    Object.fromEntries(
      await Promise.all(Array.from({ length: 6 }, async (_, index) => [`${index}.png`, await blotchPng(`c${index}`)] as const)),
    ),
  );
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'dataset', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
  assert.match(
    run('import', '--metadata', set.metadata, '--images', set.images, '--out', set.out),
    /^6 images imported into .*; 6 patients; one-of-many\n +3 {2}cough\n +3 {2}mass\n$/,
  );
  assert.match(run('verify', '--dataset', set.out, '--size', '64'), /^6 images, 0 broken\n$/);
  const out = fresh();
  run('show', '--dataset', set.out, '--out', out, '--count', '4', '--size', '64', '--seed', '3');
  const { width, height, format } = await sharp(join(out, 'batch.png')).metadata();
  assert.deepEqual([width, height, format], [144, 2 * (64 + 8 + 22) + 22, 'png']);
  const page = readFileSync(join(out, 'batch.html'), 'utf8');
  assert.equal(page.match(/<figure>/g)?.length, 4);
  assert.match(page, /not for diagnosis/);
  const first = readFileSync(join(out, 'batch.png'));
  run('show', '--dataset', set.out, '--out', out, '--count', '4', '--size', '64', '--seed', '3');
  assert.deepEqual(readFileSync(join(out, 'batch.png')), first, 'one seed gives one page');
  assert.throws(() => run('verify', '--dataset', set.images), /expected a data set made by/);
  assert.throws(() => run('show', '--dataset', set.out, '--out', out, '--count', 'x'), /expected --count as a whole number/);
});
