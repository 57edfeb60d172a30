import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { withIdentity } from '../../src/reporting/instance-identity.js';
import { projectRoot } from '../../src/config.js';
import { textDecoderFor } from '../../src/dicom/character-set.js';
import { numbersOf, placedNumbersOf, type DataSet } from '../../src/dicom/data-set.js';
import { fromDicomJson } from '../../src/dicom/json.js';
import { readPart10, type Part10File } from '../../src/dicom/part10.js';
import { transferSyntax } from '../../src/dicom/transfer-syntax.js';
import { Fault } from '../../src/errors.js';
import { hounsfieldUnits } from '../../src/pixels/ct/ct-slice.js';
import { orderAxialSlices } from '../../src/pixels/ct/slice-order.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';
import { lookupTable } from '../../src/pixels/lookup-table.js';
import { modalityMapping } from '../../src/pixels/modality-lut.js';
import { voiMappings, windowsOf } from '../../src/pixels/window.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { selectXrays } from '../../src/routing/select-xrays.js';
import { seriesFactsOf } from '../../src/routing/series-facts.js';
import { elementBytes, type WrittenElement } from '../support/element-writer.js';
import { encapsulatedFile } from '../support/encapsulated-file.js';

const little = { explicit: true, littleEndian: true } as const;
const word = (tag: number, ...values: readonly number[]): WrittenElement => ({
  tag,
  vr: 'US',
  word: 2,
  bytes: Buffer.from(Uint16Array.from(values).buffer),
});
const text = (tag: number, vr: string, value: string): WrittenElement => ({
  tag,
  vr,
  bytes: Buffer.from(value.length % 2 ? `${value} ` : value, 'latin1'),
});
const refused =
  (attribute: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof Fault && thrown.code === 'dicom-attribute' && thrown.subject.attribute === attribute;
const read = (...elements: readonly WrittenElement[]): DataSet =>
  readPart10(new Uint8Array(elementBytes([text(0x00080018, 'UI', '2.25.50'), ...elements], little))).dataSet;

test('U4, D8: undefined length is not a sequence: fragments in icons, private OB, OW and UN, also in sequences', () => {
  for (const vr of ['OB', 'OW', 'UN']) {
    const fragments: WrittenElement = { tag: 0x00291002, vr, fragments: [Buffer.alloc(0), Buffer.from('ffd8ffe0deadbeefffd9', 'hex')] };
    const nested: WrittenElement = {
      tag: 0x00880200,
      vr: 'SQ',
      items: [[{ ...fragments, tag: 0x7fe00010, vr: 'OB' }], [fragments]],
      style: { undefinedLength: true, undefinedItems: true },
    };
    const dataSet = read(fragments, nested, text(0x00880904, 'LO', 'behind'));
    assert.equal(dataSet['RETIRED_TopicTitle'], 'behind', vr);
    assert.equal((dataSet['IconImageSequence'] as DataSet[]).length, 2);
  }
});

test('U5: sequences of VR UN are read in files and in DICOMweb metadata: View Code, and the functional groups of an enhanced CT', () => {
  const view: WrittenElement = {
    tag: 0x00540220,
    vr: 'SQ',
    items: [[text(0x00080100, 'SH', '399067008'), text(0x00080102, 'SH', 'SCT'), text(0x00080104, 'LO', 'lateral projection')]],
  };
  const asUn = { ...view, style: { letters: 'UN', implicitItems: true } };
  const image = [word(0x00280010, 8), word(0x00280011, 8)];
  assert.equal(selectXrays(seriesFactsOf([read(...image, asUn)]), 4).leftOut[0]?.reason, 'lateral');
  const value = elementBytes([asUn], little).subarray(12);
  const json = fromDicomJson({
    '00540220': { vr: 'UN', InlineBinary: value.toString('base64') },
    '00280010': { vr: 'US', Value: [8] },
    '00280011': { vr: 'US', Value: [8] },
  });
  assert.equal(selectXrays(seriesFactsOf([json]), 4).leftOut[0]?.reason, 'lateral');
  const inUn = (element: WrittenElement): WrittenElement => ({ ...element, style: { letters: 'UN', implicitItems: true } });
  const groups = [0, 1, 2, 3].map((z) => [inUn({ tag: 0x00209113, vr: 'SQ', items: [[text(0x00200032, 'DS', `0\\0\\${2 * z}`)]] })]);
  const enhanced = read(
    ...image,
    inUn({
      tag: 0x52009229,
      vr: 'SQ',
      items: [[inUn({ tag: 0x00209116, vr: 'SQ', items: [[text(0x00200037, 'DS', '1\\0\\0\\0\\1\\0')]] })]],
    }),
    inUn({ tag: 0x52009230, vr: 'SQ', items: groups }),
  );
  assert.deepEqual(
    orderAxialSlices([enhanced]).slices.map(({ position }) => position),
    [0, 2, 4, 6],
  );
});

const slice = (index: number, position: number, attributes: DataSet = {}): DataSet => ({
  SOPInstanceUID: `2.25.6${index}`,
  SeriesInstanceUID: '2.25.7',
  ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
  InstanceNumber: index + 1,
  AcquisitionNumber: 1,
  Rows: 8,
  Columns: 8,
  SliceThickness: 2,
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  ImagePositionPatient: [-100, -180, position],
  ConvolutionKernel: 'B70f',
  ...attributes,
});
const forty = Array.from({ length: 40 }, (_, i) => i);

for (const [name, odd] of [
  ['cosines that differ in the last digits', { ImageOrientationPatient: [1, 8e-7, -8e-7, 0, 1, 8e-7] }],
  ['cosines rounded to three digits', { ImageOrientationPatient: [0.999, 0.006, -0.004, 0, 1, 0.005] }],
  ['another spelling of the kernel', { ConvolutionKernel: 'b70F ' }],
  ['no kernel', { ConvolutionKernel: '' }],
  ['a slice thickness of more digits', { SliceThickness: 2.049999 }],
] as const) {
  test(`U6: a stack of which every second slice has ${name} stays one`, () => {
    const result = orderAxialSlices(forty.map((i) => slice(i, 2 * i, i % 2 ? odd : {})));
    assert.equal(result.slices.length, 40);
    assert.deepEqual(
      result.slices.map(({ instance }) => instance['InstanceNumber']),
      forty.map((i) => i + 1),
    );
    assert.deepEqual(result.gaps, []);
  });
}

for (const [name, second] of [
  ['acquisition numbers', { AcquisitionNumber: 2 }],
  ['instance numbers only', {}],
  ['kernels', { ConvolutionKernel: 'B30f' }],
  ['phases', { TemporalPositionIdentifier: 2 }],
] as const) {
  test(`U6: two acquisitions of one series, told apart by ${name}, do not interleave`, () => {
    const result = orderAxialSlices([...forty.map((i) => slice(i, 2 * i)), ...forty.map((i) => slice(40 + i, 2 * i + 0.7, second))]);
    assert.equal(result.slices.length, 40);
    assert.equal(new Set(result.slices.map(({ instance }) => Number(instance['InstanceNumber']) > 40)).size, 1);
    assert.equal(result.spacing, 2);
    assert.match(result.leftOut[0]!.reason, /another acquisition/);
  });
}

test('U6: table positions with acquisition numbers of their own, also one for each slice, are one stack', () => {
  assert.equal(orderAxialSlices(forty.map((i) => slice(i, 2 * i, { AcquisitionNumber: 1 + Math.floor(i / 10) }))).slices.length, 40);
  assert.equal(orderAxialSlices(forty.map((i) => slice(i, 2 * ((i * 7) % 40), { AcquisitionNumber: 1 + i }))).slices.length, 40);
});

test('U7: centre and width stay paired, decimal commas are read, and a required value that cannot be read is an error', async () => {
  const commas = read(text(0x00281050, 'DS', '1400,5'), text(0x00281051, 'DS', '1800,0'), text(0x00281052, 'DS', '-1024,0'));
  assert.deepEqual([commas['WindowCenter'], commas['WindowWidth'], commas['RescaleIntercept']], [1400.5, 1800, -1024]);
  for (const center of ['NaN\\1400.5', '\\1400.5', 'x\\1400.5', '1e999\\1400.5']) {
    assert.deepEqual(
      windowsOf(read(text(0x00281050, 'DS', center), text(0x00281051, 'DS', '3000\\1800'))),
      [{ center: 1400.5, width: 1800, shape: 'LINEAR' }],
      center,
    );
  }
  assert.deepEqual(placedNumbersOf({ WindowCenter: ['', 'x', 3] }, 'WindowCenter'), [undefined, NaN, 3]);
  assert.deepEqual(numbersOf({ X: ['0x10', '1_000', '1,5', '+2E1'] }, 'X'), [1.5, 20]);
  assert.throws(() => voiMappings({ WindowCenter: 'NaN', WindowWidth: 400 }), refused('WindowCenter'));
  assert.throws(() => modalityMapping({ RescaleSlope: 1, RescaleIntercept: 'unknown' }), refused('RescaleIntercept'));
  await assert.rejects(
    hounsfieldUnits({
      meta: {},
      transferSyntaxUID: '1.2.840.10008.1.2.1',
      dataSet: { ...plain, RescaleSlope: 1 },
      pixelData: { kind: 'native', vr: 'OW', bytes: new Uint8Array(128) },
    }),
    refused('RescaleIntercept'),
  );
});

const plain: DataSet = {
  SOPInstanceUID: '2.25.50',
  Rows: 8,
  Columns: 8,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 0,
};
const file = (dataSet: DataSet, bytes: Uint8Array): Part10File => ({
  meta: {},
  transferSyntaxUID: '1.2.840.10008.1.2.1',
  dataSet,
  pixelData: { kind: 'native', vr: 'OW', bytes },
});

test('U8: Number of Frames 0 means one', async () => {
  assert.equal((await decodeFrames(file({ ...plain, NumberOfFrames: 0 }, new Uint8Array(128)))).frames.length, 1);
  await assert.rejects(decodeFrames(file({ ...plain, NumberOfFrames: -1 }, new Uint8Array(128))), refused('NumberOfFrames'));
});

test('D28: a single wild value in 32 bits neither takes the memory nor the contrast', async () => {
  const values = Int32Array.from({ length: 64 * 64 }, (_, i) => (i % 64) * 60 - 1000 + Math.floor(i / 64));
  values[5] = 2 ** 31 - 1;
  const dataSet = {
    ...plain,
    Rows: 64,
    Columns: 64,
    BitsAllocated: 32,
    BitsStored: 32,
    HighBit: 31,
    PixelRepresentation: 1,
    RescaleSlope: 1,
    RescaleIntercept: 0,
  };
  const start = process.cpuUsage();
  const { hu } = await hounsfieldUnits(file(dataSet, new Uint8Array(values.buffer)));
  assert.equal(hu[100], values[100]);
  const { image } = await presentXray(file(dataSet, new Uint8Array(values.buffer)));
  assert.ok(Math.max(...image.values) - Math.min(...image.values) > 0.9 && new Set(image.values).size > 500);
  assert.ok(process.cpuUsage(start).user < 5e6);
});

test('a native YBR_FULL_422 of three bytes a pixel is not read as two', async () => {
  const full = Uint8Array.from({ length: 192 }, (_, i) => (i % 3 === 0 ? i : 128));
  const format = {
    ...plain,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    SamplesPerPixel: 3,
    PlanarConfiguration: 0,
    PhotometricInterpretation: 'YBR_FULL_422',
  };
  assert.deepEqual([...(await decodeFrames(file(format, full))).frames[0]!.samples], [...full]);
  assert.equal((await decodeFrames(file(format, full.subarray(0, 128)))).frames[0]!.samples.length, 192);
});

test('a JPEG of YCbCr that is labelled RGB has the brightness of the one that is labelled as it is', async () => {
  const tinted = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => [220, 120, 60][i % 3]! - (Math.floor(i / 3) % 64));
  const jpeg = await sharp(tinted, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const format = {
    ...plain,
    Rows: 64,
    Columns: 64,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    SamplesPerPixel: 3,
    PlanarConfiguration: 0,
  };
  // APP0 of a JFIF file, whose components are always YCbCr; sharp leaves it out.
  const jfif = Buffer.concat([jpeg.subarray(0, 2), Buffer.from('ffe000104a46494600010100000100010000', 'hex'), jpeg.subarray(2)]);
  const shown = async (photometric: string): Promise<readonly number[]> => {
    const bytes = encapsulatedFile({ ...format, PhotometricInterpretation: photometric }, transferSyntax.jpegBaseline, [jfif]);
    return [...(await presentXray(readPart10(new Uint8Array(bytes)))).image.values];
  };
  assert.deepEqual(await shown('RGB'), await shown('YBR_FULL_422'));
});

test('lookup tables: wrong bits, and a first value written with the wrong sign', () => {
  const entries = Array.from({ length: 4096 }, (_, i) => i);
  for (const bits of [8, 10, 12, 16, 0])
    assert.equal(lookupTable({ LUTDescriptor: [4096, 0, bits], LUTData: entries }).white, 4095, `${bits} bits`);
  assert.equal(lookupTable({ LUTDescriptor: [4096, 63488, 12], LUTData: entries }, { low: -2048, high: 2047 }).first, -2048);
  assert.equal(lookupTable({ LUTDescriptor: [4096, -25536, 12], LUTData: entries }, { low: 40000, high: 42000 }).first, 40000);
  assert.throws(() => voiMappings({ VOILUTSequence: [{ LUTDescriptor: ['x', 0, 12], LUTData: entries }] }), refused('LUTDescriptor'));
});

test('escape sequences are obeyed although only one character set is declared', () => {
  const korean = Buffer.from('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'latin1');
  for (const declared of [['ISO 2022 IR 149'], ['ISO_IR 149'], ['ISO 2022 IR 6'], []])
    assert.equal(textDecoderFor(declared)(korean), 'Hong^Gildong=洪^吉洞', declared.join());
  assert.equal(textDecoderFor(['ISO 2022 IR 87'])(Buffer.from('\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1')), '山田^太郎');
  assert.equal(textDecoderFor(['ISO 2022 IR 58'])(Buffer.from('\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab', 'latin1')), '张^小东');
});

test('files without UIDs can be analysed: those of one study share the made-up study', () => {
  const [a, b] = [
    withIdentity({ SOPInstanceUID: '2.25.1', FrameOfReferenceUID: '2.25.9' }, 'a.dcm'),
    withIdentity({ FrameOfReferenceUID: '2.25.9' }, 'b.dcm'),
  ];
  assert.equal(a['StudyInstanceUID'], b['StudyInstanceUID']);
  assert.equal(a['SOPInstanceUID'], '2.25.1');
  assert.notEqual(a['SOPInstanceUID'], b['SOPInstanceUID']);
});

test('Modality in lower case is a CT all the same', () => {
  assert.deepEqual(seriesFactsOf([{ SeriesInstanceUID: '2.25.1', Modality: 'ct' }])[0]!.values.modality, ['CT']);
});

const cases = join(projectRoot, '../shared/cases');
test('files that users have sent show what their clean twins show', {
  skip: existsSync(cases) ? false : '../shared/cases is not here',
}, async () => {
  const twinOf = (name: string): string | undefined =>
    /^ds_/.test(name)
      ? 'ref_window.dcm'
      : /voi/.test(name)
        ? 'ref_voilut.dcm'
        : /tint/.test(name)
          ? 'ref_jpeg_tint.dcm'
          : /^jpeg_mono|^ybr422|viewcode|^ref/.test(name)
            ? undefined
            : 'ref.dcm';
  const shown = async (name: string): Promise<Float32Array> =>
    (await presentXray(readPart10(new Uint8Array(readFileSync(join(cases, name)))))).image.values;
  for (const name of readdirSync(cases).filter((one) => one.endsWith('.dcm'))) {
    const twin = twinOf(name);
    const values = await shown(name);
    if (twin) assert.deepEqual(values, await shown(twin), name);
  }
});
