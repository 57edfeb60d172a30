import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { numberOf, numbersOf, textOf, textsOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { isUid } from '../../src/dicom/uid.js';
import { chestPhantom, type StoredPixels } from '../../src/samples/chest-phantom.js';
import { ctPhantom } from '../../src/samples/ct-phantom.js';
import { sampleLoad } from '../../src/samples/sample-load.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { temporaryDirectory } from '../support/orthanc.js';

const small = { rows: 320, columns: 256 };
const studies = sampleStudies('test', { scale: 0.15, ctSlices: 8 });
const files = studies.flatMap((study) => study.files.map((bytes) => ({ study, bytes, dataSet: readPart10(bytes).dataSet })));

/** Mean over a part of the picture, given in parts of its width and height. */
function mean({ values, rows, columns }: StoredPixels, left: number, top: number, right: number, bottom: number): number {
  let sum = 0,
    count = 0;
  for (let row = Math.floor(rows * top); row < rows * bottom; row++) {
    for (let column = Math.floor(columns * left); column < columns * right; column++) (sum += values[row * columns + column]!), count++;
  }
  return sum / count;
}

describe('chest phantom', () => {
  test('the same seed gives the same pixels, another one others', () => {
    const one = chestPhantom({ seed: 'a', ...small });
    assert.deepEqual(chestPhantom({ seed: 'a', ...small }), one);
    assert.notDeepEqual(chestPhantom({ seed: 'b', ...small }).values, one.values);
  });

  test('lungs are dark, mediastinum and belly bright, air beside the neck black; heart on the right of the picture', () => {
    for (const seed of ['a', 'b', 'c']) {
      const phantom = chestPhantom({ seed, ...small });
      const lungs = (mean(phantom, 0.2, 0.35, 0.3, 0.5) + mean(phantom, 0.7, 0.35, 0.8, 0.5)) / 2;
      assert.ok(mean(phantom, 0.47, 0.4, 0.53, 0.6) > 1.6 * lungs, 'mediastinum');
      assert.ok(mean(phantom, 0.2, 0.88, 0.4, 0.95) > 1.6 * lungs, 'liver');
      assert.ok(mean(phantom, 0.01, 0.01, 0.08, 0.04) < 0.6 * lungs, 'air');
      assert.ok(mean(phantom, 0.6, 0.6, 0.7, 0.66) > mean(phantom, 0.3, 0.6, 0.4, 0.66), 'heart');
    }
  });

  test('an opacity brightens its place and no other', () => {
    const clear = chestPhantom({ seed: 'a', ...small }),
      ill = chestPhantom({ seed: 'a', ...small, opacities: [{ side: 'right', zone: 'lower', kind: 'consolidation' }] });
    assert.ok(mean(ill, 0.15, 0.5, 0.35, 0.7) > 1.15 * mean(clear, 0.15, 0.5, 0.35, 0.7));
    assert.ok(Math.abs(mean(ill, 0.7, 0.3, 0.85, 0.5) / mean(clear, 0.7, 0.3, 0.85, 0.5) - 1) < 0.03);
  });

  test('MONOCHROME1 is the same picture, inverted, and 16 bits are used', () => {
    const options = { seed: 'a', ...small, bitsStored: 16 } as const;
    const plain = chestPhantom(options),
      inverted = chestPhantom({ ...options, photometricInterpretation: 'MONOCHROME1' });
    inverted.values.forEach((value, index) => assert.equal(value, 65535 - plain.values[index]!));
    assert.ok(plain.values.some((value) => value > 55_000) && plain.values.some((value) => value < 12_000));
  });
});

describe('CT phantom', () => {
  const ct = ctPhantom({ seed: 'a', sex: 'M', slices: 6, size: 128 });
  test('air, lung, soft tissue and bone have their Hounsfield units', () => {
    const middle = ct.slices[3]!.hu,
      at = (x: number, z: number) => middle[Math.round(64 + z / ct.mmPerPixel) * 128 + Math.round(64 + x / ct.mmPerPixel)]!;
    assert.ok(at(-165, -120) < -900, 'air');
    assert.ok(at(-80, 40) < -650, 'right lung');
    assert.ok(Math.abs(at(20, -30) - 45) < 70, 'heart');
    assert.ok(
      middle.some((hu) => hu > 500),
      'bone',
    );
  });
  test('slices go from head to feet in equal steps', () => {
    ct.slices
      .slice(1)
      .forEach(({ position }, index) => assert.ok(Math.abs(ct.slices[index]!.position - position - ct.sliceDistanceMm) < 1e-9));
  });
});

describe('sample studies', () => {
  test('each has UIDs of its own, and the same seed gives the same', () => {
    const uids = new Set(files.map(({ dataSet }) => textOf(dataSet, 'SOPInstanceUID')));
    assert.equal(uids.size, files.length);
    assert.equal(new Set(studies.map(({ studyInstanceUID }) => studyInstanceUID)).size, studies.length);
    for (const { study, dataSet } of files) {
      assert.equal(textOf(dataSet, 'StudyInstanceUID'), study.studyInstanceUID);
      assert.ok(isUid(textOf(dataSet, 'SeriesInstanceUID')!));
    }
    assert.deepEqual(sampleStudies('test', { scale: 0.15, ctSlices: 8 }), studies);
  });

  test('nobody could take them for a person', () => {
    for (const { dataSet } of files) {
      assert.match(textOf(dataSet, 'PatientName')!, /^phantom\^/i);
      assert.match(textOf(dataSet, 'PatientID')!, /^PHANTOM-/);
      assert.equal(textOf(dataSet, 'StudyDescription'), 'SYNTHETIC');
    }
  });

  test('modality, body part and view are those that rules go by', () => {
    const seen = files.map(({ dataSet }) =>
      ['Modality', 'BodyPartExamined', 'ViewPosition'].map((keyword) => textOf(dataSet, keyword) ?? '').join(' '),
    );
    assert.deepEqual([...new Set(seen)].sort(), ['CR CHEST LL', 'CR CHEST PA', 'CR HAND PA', 'CT CHEST ', 'DX CHEST PA']);
    const names = files.map(({ dataSet }) => textOf(dataSet, 'PatientName')!);
    assert.ok(names.some((name) => name.includes('模型^太郎')));
  });

  test('the CT has a scout and a stack of axial slices', () => {
    const ct = files.filter(({ dataSet }) => textOf(dataSet, 'Modality') === 'CT').map(({ dataSet }) => dataSet);
    assert.deepEqual(
      ct.map((dataSet) => textsOf(dataSet, 'ImageType')[2]),
      ['LOCALIZER', ...Array<string>(8).fill('AXIAL')],
    );
    const positions = ct.slice(1).map((dataSet) => numbersOf(dataSet, 'ImagePositionPatient')[2]!);
    positions.slice(1).forEach((position, index) => assert.ok(position < positions[index]!));
    assert.ok(
      ct
        .slice(1)
        .every(
          (dataSet) =>
            numbersOf(dataSet, 'ImageOrientationPatient').join() === '1,0,0,0,1,0' && numberOf(dataSet, 'RescaleIntercept') === -1024,
        ),
    );
  });

  const withoutDciodvfy = spawnSync('dciodvfy', ['-version']).error !== undefined && 'dicom3tools is not installed';
  test('dciodvfy finds no error in any kind of them', { skip: withoutDciodvfy }, () => {
    const folder = temporaryDirectory('samples');
    for (const { bytes, study } of [
      ...studies.map((one) => ({ bytes: one.files[0]!, study: one })),
      { bytes: files.at(-3)!.bytes, study: studies[5]! },
    ]) {
      const file = path.join(folder, 'one.dcm');
      writeFileSync(file, bytes);
      const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
      assert.deepEqual(
        `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error')),
        [],
        study.title,
      );
    }
  });

  test('a load has as many studies as asked for, each with its own pixels', () => {
    const load = [...sampleLoad(4, 'x', { rows: 64, columns: 48 })];
    assert.equal(new Set(load.map(({ studyInstanceUID }) => studyInstanceUID)).size, 4);
    const pixelsOf = (file: Uint8Array) => {
      const pixels = readPart10(file).pixelData;
      assert.ok(pixels?.kind === 'native');
      return Buffer.from(pixels.bytes).toString('base64');
    };
    assert.equal(new Set(load.map(({ files: [file] }) => pixelsOf(file!))).size, 4);
  });
});
