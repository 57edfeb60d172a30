import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { hounsfieldUnits } from '../../src/pixels/ct/ct-slice.js';
import { chooseSlices, lungFraction, lungRange } from '../../src/pixels/ct/lung.js';
import { presentCtSlice } from '../../src/pixels/ct/present-ct-slice.js';
import { orderAxialSlices } from '../../src/pixels/ct/slice-order.js';

const size = 64;

function slice(z: number, attributes: DataSet = {}): DataSet {
  return {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `2.25.${1000 + Math.round(z * 10)}`,
    SeriesInstanceUID: '2.25.7',
    Modality: 'CT',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    InstanceNumber: Math.round(z),
    Rows: size,
    Columns: size,
    SliceThickness: 2,
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    ImagePositionPatient: [-100, -100, z],
    ...attributes,
  };
}

function stack(from: number, to: number, step: number, attributes: DataSet = {}): DataSet[] {
  return Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => slice(from + i * step, attributes));
}

/** Body 0 HU in air −1000, two lungs of −800 if wanted. */
function body(lungs: boolean): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - 32, Math.floor(i / size) - 32];
    if (Math.hypot(x / 28, y / 22) > 1) return -1000;
    return lungs && Math.hypot((Math.abs(x) - 13) / 9, y / 14) < 1 ? -800 : 40;
  });
}

test('slices come in order of position, whatever their order and numbers are', () => {
  const shuffled = stack(0, 40, 2)
    .sort((a, b) => String(a['SOPInstanceUID']).localeCompare(String(b['SOPInstanceUID'])))
    .reverse();
  const result = orderAxialSlices(shuffled);
  assert.deepEqual(
    result.slices.map(({ position }) => position),
    Array.from({ length: 21 }, (_, i) => 2 * i),
  );
  assert.equal(result.spacing, 2);
  assert.deepEqual(result.gaps, []);
  assert.equal(result.reason, 'the only axial stack');
});

test('duplicates, gaps, localizers, thick, unplaced and sagittal slices are noticed', () => {
  const scout = slice(5, { SOPInstanceUID: '2.25.1', ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] });
  const result = orderAxialSlices([
    ...stack(0, 20, 2).filter((one) => one['InstanceNumber'] !== 10),
    slice(4, { SOPInstanceUID: '2.25.2', InstanceNumber: 99 }),
    scout,
    slice(30, { SOPInstanceUID: '2.25.3', SliceThickness: 50 }),
    slice(32, { SOPInstanceUID: '2.25.4', ImagePositionPatient: '' }),
    slice(8, { SOPInstanceUID: '2.25.5', ImageOrientationPatient: [0, 1, 0, 0, 0, -1] }),
  ]);
  assert.deepEqual(
    result.slices.map(({ position }) => position),
    [0, 2, 4, 6, 8, 12, 14, 16, 18, 20],
  );
  assert.deepEqual(result.gaps, [8]);
  const reasons = new Map(result.leftOut.map(({ sopInstanceUID, reason }) => [sopInstanceUID, reason]));
  assert.equal(reasons.get('2.25.1'), 'a localizer');
  assert.match(reasons.get('2.25.2')!, /same position/);
  assert.match(reasons.get('2.25.3')!, /50 mm/);
  assert.match(reasons.get('2.25.4')!, /no position/);
  assert.equal(reasons.get('2.25.5'), 'not axial');
});

test('gantry tilt is measured: sheared stacks and tilted normals alike', () => {
  const angle = (15 * Math.PI) / 180;
  const tilted = stack(0, 40, 2, { ImageOrientationPatient: [1, 0, 0, 0, Math.cos(angle), -Math.sin(angle)] });
  assert.ok(Math.abs(orderAxialSlices(tilted).tiltDegrees - 15) < 0.01);
  assert.equal(orderAxialSlices(stack(0, 40, 2)).tiltDegrees, 0);
});

test('of several reconstructions one is chosen and the others are named', () => {
  const thin = stack(0, 200, 1, { SeriesInstanceUID: '2.25.8', SliceThickness: 1 });
  const thick = stack(0, 200, 5, { SeriesInstanceUID: '2.25.9', SliceThickness: 5 });
  const short = stack(0, 60, 2, { SeriesInstanceUID: '2.25.6', SliceThickness: 2 });
  const result = orderAxialSlices([...thick, ...short, ...thin]);
  assert.equal(result.seriesInstanceUID, '2.25.8');
  assert.match(result.reason, /of 2 stacks/);
  assert.equal(result.leftOut.length, thick.length + short.length);
});

test('prone and feet-first stacks run towards the head all the same', () => {
  const flipped = stack(0, 10, 2, { ImageOrientationPatient: [1, 0, 0, 0, -1, 0] });
  assert.deepEqual(
    orderAxialSlices(flipped).slices.map(({ position }) => position),
    [0, 2, 4, 6, 8, 10],
  );
});

test('an enhanced multi-frame CT is a stack of its frames', () => {
  const enhanced: DataSet = {
    SOPInstanceUID: '2.25.1',
    SeriesInstanceUID: '2.25.2',
    Rows: size,
    Columns: size,
    ImageType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'],
    SharedFunctionalGroupsSequence: [
      { PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }], PixelMeasuresSequence: [{ SliceThickness: 2 }] },
    ],
    PerFrameFunctionalGroupsSequence: [30, 10, 20].map((z) => ({ PlanePositionSequence: [{ ImagePositionPatient: [0, 0, z] }] })),
  };
  assert.deepEqual(
    orderAxialSlices([enhanced]).slices.map(({ frameNumber, position }) => [frameNumber, position]),
    [
      [2, 10],
      [3, 20],
      [1, 30],
    ],
  );
});

test('no slice at all', () => {
  assert.deepEqual(orderAxialSlices([]).slices, []);
  assert.equal(orderAxialSlices([slice(0, { ImageType: ['DERIVED', 'SECONDARY', 'LOCALIZER'] })]).seriesInstanceUID, undefined);
});

test('lung fraction: air inside the body, not around it', () => {
  const fraction = lungFraction({ width: size, height: size, hu: body(true) });
  const truth = (2 * 9 * 14) / (28 * 22);
  assert.ok(Math.abs(fraction - truth) < 0.08, `${fraction} instead of ${truth}`);
  assert.equal(lungFraction({ width: size, height: size, hu: body(false) }), 0);
  assert.equal(lungFraction({ width: size, height: size, hu: new Float32Array(size * size).fill(-1000) }), 0);
});

test('the lung range is the longest run of slices with lung; slices are spread over it', () => {
  const fractions = [0, 0.15, 0, 0.2, 0.4, 0.5, 0.4, 0.2, 0.05, 0];
  const range = lungRange(fractions.map((fraction, i) => ({ position: i * 10, lungFraction: fraction })));
  assert.deepEqual(range, { from: 30, to: 70 });
  const slices = Array.from({ length: 101 }, (_, position) => ({ position }));
  assert.deepEqual(
    chooseSlices(slices, range!, 4).map(({ position }) => position),
    [35, 45, 55, 65],
  );
  assert.equal(chooseSlices(slices.slice(0, 33), range!, 8).length, 3);
  assert.equal(lungRange([{ position: 0, lungFraction: 0.01 }]), undefined);
});

function file(attributes: DataSet = {}): ReturnType<typeof readPart10> {
  const stored = Uint16Array.from(body(true), (hu) => hu + 1024);
  stored[0] = 0;
  return readPart10(
    writePart10({
      ...slice(0),
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      RescaleSlope: 1,
      RescaleIntercept: -1024,
      PixelPaddingValue: 0,
      PixelData: new Uint8Array(stored.buffer),
      ...attributes,
    }),
  );
}

test('Hounsfield units and the lung window', async () => {
  const { hu } = await hounsfieldUnits(file());
  assert.equal(hu[0], -1000);
  assert.equal(hu[32 * size + 32], 40);
  const { image } = await presentCtSlice(file(), { center: -600, width: 1500 });
  assert.ok(Math.abs(image.values[32 * size + 32]! - ((40 + 600.5) / 1499 + 0.5)) < 1e-6);
});

test('rescale of each frame where the object is enhanced', async () => {
  const frames = new Uint8Array(new Uint16Array(2 * size * size).fill(100).buffer);
  const enhanced = file({
    NumberOfFrames: 2,
    RescaleSlope: undefined,
    RescaleIntercept: undefined,
    PixelPaddingValue: undefined,
    PixelData: frames,
    PerFrameFunctionalGroupsSequence: [-1024, 0].map((RescaleIntercept) => ({
      PixelValueTransformationSequence: [{ RescaleIntercept, RescaleSlope: 2, RescaleType: 'HU' }],
    })),
  });
  assert.equal((await hounsfieldUnits(enhanced, 1)).hu[0], -824);
  assert.equal((await hounsfieldUnits(enhanced, 2)).hu[0], 200);
});

test('stored values without rescale are no Hounsfield units', async () => {
  await assert.rejects(
    hounsfieldUnits(file({ RescaleSlope: undefined, RescaleIntercept: undefined })),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-attribute',
  );
});

test('a prone slice is turned, and a box leads back', async () => {
  const { image, toStored } = await presentCtSlice(file({ ImageOrientationPatient: [-1, 0, 0, 0, -1, 0] }), { center: -600, width: 1500 });
  assert.equal(image.values[size * size - 1], (await presentCtSlice(file(), { center: -600, width: 1500 })).image.values[0]);
  assert.deepEqual(toStored({ left: 0, top: 0, right: 10, bottom: 5 }), { left: 54, top: 59, right: 64, bottom: 64 });
});

for (const [name, cosines] of [
  ['rows along the body', [0, 1, 0, -1, 0, 0]],
  ['rows along the body, the other way', [0, -1, 0, 1, 0, 0]],
  ['mirrored and turned', [0, 1, 0, 1, 0, 0]],
] as const) {
  test(`a slice turned by a quarter (${name}) is turned back, and a box leads back`, async () => {
    const straight = (await presentCtSlice(file(), { center: -600, width: 1500 })).image;
    const [right, , , down] = [cosines[1], 0, 0, cosines[3]];
    const stored = Uint16Array.from({ length: size * size }, (_, i) => {
      // Stored row and column of an upright x and y: rows run along y, columns along x.
      const [column, row] = [i % size, Math.floor(i / size)];
      const y = right > 0 ? column : size - 1 - column;
      const x = down > 0 ? row : size - 1 - row;
      return body(true)[y * size + x]! + 1024;
    });
    stored[0] = 0;
    const { image, toStored } = await presentCtSlice(
      file({ ImageOrientationPatient: [...cosines], PixelData: new Uint8Array(stored.buffer) }),
      { center: -600, width: 1500 },
    );
    const inner = (values: Float32Array): number[] =>
      [...values].filter((_, i) => i % size > 1 && i % size < size - 2 && i > 2 * size && i < size * (size - 2));
    assert.deepEqual(inner(image.values), inner(straight.values));
    const box = toStored({ left: 0, top: 0, right: 10, bottom: 5 });
    assert.deepEqual([box.right - box.left, box.bottom - box.top], [5, 10]);
    assert.deepEqual([box.left, box.top], [right > 0 ? 0 : size - 5, down > 0 ? 0 : size - 10]);
  });
}

test('maps of density or iodine are no slices; Hounsfield units by name are', () => {
  assert.equal(orderAxialSlices(stack(0, 10, 2, { RescaleType: 'HU' })).slices.length, 6);
  for (const unit of ['MGML', 'Z_EFF', 'ED']) {
    const { slices, leftOut } = orderAxialSlices(stack(0, 10, 2, { RescaleType: unit }));
    assert.equal(slices.length, 0);
    assert.match(leftOut[0]!.reason, new RegExp(`values in ${unit}`));
  }
});

test('a sheared stack (gantry tilt without tilted slices) is measured and kept in order', () => {
  const sheared = Array.from({ length: 11 }, (_, i) =>
    slice(2 * i, { ImagePositionPatient: [-100, -100 + 2 * i * Math.tan((20 * Math.PI) / 180), 2 * i] }),
  );
  const { slices, tiltDegrees } = orderAxialSlices(sheared.reverse());
  assert.ok(Math.abs(tiltDegrees - 20) < 0.01);
  assert.deepEqual(
    slices.map(({ position }) => position),
    Array.from({ length: 11 }, (_, i) => 2 * i),
  );
});

test('two acquisitions at the same positions in one series count once, the first of them', () => {
  const first = stack(0, 20, 2, { AcquisitionNumber: 1 });
  const second = stack(0, 20, 2, { AcquisitionNumber: 2 }).map((one, i) => ({ ...one, SOPInstanceUID: `2.25.${5000 + i}` }));
  const { slices, leftOut } = orderAxialSlices([...second, ...first]);
  assert.equal(slices.length, 11);
  assert.ok(slices.every(({ instance }) => instance['AcquisitionNumber'] === 1));
  assert.equal(leftOut.length, 11);
});

const enhancedCt = join(projectRoot, '../shared/data/dicom/robyoung__dicom-test-files/data/pydicom/eCT_Supplemental.dcm');
test('a real enhanced CT: order and Hounsfield units of each frame as pydicom has them', {
  skip: existsSync(enhancedCt) ? false : `${enhancedCt} is not there`,
}, async () => {
  const real = readPart10(readFileSync(enhancedCt));
  assert.deepEqual(
    orderAxialSlices([real.dataSet]).slices.map(({ frameNumber, position }) => [frameNumber, position]),
    [
      [1, -159],
      [2, -149],
    ],
  );
  // pixel_array × RescaleSlope + RescaleIntercept of the frame's functional groups: minimum, maximum, mean.
  for (const [frameNumber, least, most, mean] of [
    [1, -1024, 172, -639.379322],
    [2, -1024, 148, -648.544507],
  ] as const) {
    const { hu } = await hounsfieldUnits(real, frameNumber);
    const sum = hu.reduce((total, value) => total + value, 0);
    assert.deepEqual([hu.reduce((a, b) => Math.min(a, b)), hu.reduce((a, b) => Math.max(a, b))], [least, most]);
    assert.ok(Math.abs(sum / hu.length - mean) < 1e-5);
  }
});
