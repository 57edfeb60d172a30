import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import type { PresentedXray } from '../../src/pixels/xray/xray.js';

const width = 60;
const height = 50;

/** Grows to the right and downwards, 0 to 4095; no line is flat, so nothing looks like a border. */
function ramp(x: number, y: number): number {
  return Math.round((x / 59 + y / 49) * 0.5 * 4095);
}

function present(attributes: DataSet = {}, value: (x: number, y: number) => number = ramp): Promise<PresentedXray> {
  const signed = attributes['PixelRepresentation'] === 1;
  const samples = signed ? new Int16Array(width * height) : new Uint16Array(width * height);
  for (let i = 0; i < samples.length; i++) samples[i] = value(i % width, Math.floor(i / width));
  return presentXray(
    readPart10(
      writePart10({
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
        SOPInstanceUID: '2.25.5',
        Rows: height,
        Columns: width,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        BitsAllocated: 16,
        BitsStored: 12,
        HighBit: 11,
        PixelRepresentation: 0,
        PixelData: new Uint8Array(samples.buffer),
        ...attributes,
      }),
    ),
  );
}

function at(image: GreyImage, x: number, y: number): number {
  return image.values[y * image.width + x]!;
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 2e-3, `${actual} instead of ${expected}`);
}

const full = { WindowCenter: 2048, WindowWidth: 4096 };

test('a window of the file is applied to modality values', async () => {
  const { image, greyScale } = await present({ RescaleSlope: 2, RescaleIntercept: -1000, WindowCenter: 3096, WindowWidth: 8192 });
  assert.equal(greyScale, 'file');
  near(at(image, 0, 0), 0);
  near(at(image, 59, 49), 1);
  near(at(image, 30, 25), ramp(30, 25) / 4095);
});

test('MONOCHROME1 and the shape INVERSE turn black and white, once', async () => {
  for (const attributes of [
    { PhotometricInterpretation: 'MONOCHROME1' },
    { PresentationLUTShape: 'INVERSE' },
    { PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'INVERSE' },
  ]) {
    const { image } = await present({ ...full, ...attributes });
    near(at(image, 0, 0), 1);
    near(at(image, 59, 49), 0);
  }
});

test('without a window, or with one that shows nothing, the percentiles of the image become black and white', async () => {
  for (const attributes of [
    {},
    { WindowCenter: 50_000, WindowWidth: 10 },
    { WindowCenter: 2000, WindowWidth: 1 },
    { WindowCenter: 0, WindowWidth: 1e9 },
    { WindowCenter: 5, WindowWidth: -3 },
    { WindowCenter: '', WindowWidth: 100 },
  ]) {
    const { image, greyScale } = await present(attributes);
    assert.equal(greyScale, 'percentiles', JSON.stringify(attributes));
    near(at(image, 0, 0), 0);
    near(at(image, 59, 49), 1);
    assert.ok(Math.abs(at(image, 30, 25) - 0.5) < 0.02);
  }
});

test('padding is black and does not count in the percentiles', async () => {
  const value = (x: number, y: number): number => (y < 10 && x < 30 ? 65535 - 3 : 1000 + x * 3 + y);
  const { image } = await present({ BitsStored: 16, HighBit: 15, PixelPaddingValue: 65530, PixelPaddingRangeLimit: 65535 }, value);
  near(at(image, 5, 5), 0);
  near(at(image, 59, 49), 1);
  assert.ok(at(image, 30, 30) > 0.4);
});

test('padding stays black where values are inverted', async () => {
  const { image } = await present({ ...full, PhotometricInterpretation: 'MONOCHROME1', PixelPaddingValue: 4095 }, (x, y) =>
    x === 40 && y === 40 ? 4095 : Math.min(4000, ramp(x, y)),
  );
  near(at(image, 40, 40), 0);
});

test('signed values', async () => {
  const { image } = await present({ PixelRepresentation: 1, WindowCenter: 0, WindowWidth: 4096 }, (x, y) => ramp(x, y) - 2048);
  near(at(image, 0, 0), 0);
  near(at(image, 30, 25), ramp(30, 25) / 4095);
});

test('colour is shown by its luminance', async () => {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.set([(i % width) * 4, 200, Math.floor(i / width) * 5], 3 * i);
  const { image } = await present({
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelData: rgb,
  });
  near(at(image, 10, 20), Math.round(0.299 * 40 + 0.587 * 200 + 0.114 * 100) / 255);
});

const corner = { left: 3, top: 5, right: 13, bottom: 9 };
for (const [orientation, seen] of [
  ['L\\F', (x: number, y: number) => [x, y]],
  ['R\\F', (x: number, y: number) => [width - 1 - x, y]],
  ['L\\H', (x: number, y: number) => [x, height - 1 - y]],
  ['R\\H', (x: number, y: number) => [width - 1 - x, height - 1 - y]],
  ['F\\L', (x: number, y: number) => [y, x]],
  ['F\\R', (x: number, y: number) => [y, height - 1 - x]],
  ['H\\L', (x: number, y: number) => [width - 1 - y, x]],
  ['H\\R', (x: number, y: number) => [width - 1 - y, height - 1 - x]],
] as const) {
  test(`patient orientation ${orientation} is turned upright and boxes lead back`, async () => {
    const { image, toStored } = await present({ ...full, PatientOrientation: orientation.split('\\') });
    const transposed = 'FH'.includes(orientation[0]!);
    assert.deepEqual([image.width, image.height], transposed ? [height, width] : [width, height]);
    for (const [x, y] of [
      [0, 0],
      [7, 3],
      [image.width - 1, image.height - 1],
    ] as const) {
      const [storedX, storedY] = seen(x, y) as [number, number];
      near(at(image, x, y), ramp(storedX, storedY) / 4095);
    }
    const stored = toStored(corner);
    const [x1, y1] = seen(corner.left, corner.top) as [number, number];
    const [x2, y2] = seen(corner.right - 1, corner.bottom - 1) as [number, number];
    assert.deepEqual(stored, { left: Math.min(x1, x2), top: Math.min(y1, y2), right: Math.max(x1, x2) + 1, bottom: Math.max(y1, y2) + 1 });
  });
}

test('D36: an orientation that no upright chest has is not believed, and the picture stays as it is stored', async () => {
  for (const directions of [
    ['R', 'P'],
    ['L', 'P'],
    ['F', 'H'],
    ['H', 'H'],
    ['R', 'L'],
    ['?', 'F'],
    ['R', ''],
    ['A', 'P'],
  ]) {
    assert.deepEqual(
      (await present({ PatientOrientation: directions })).geometry.turn,
      { transpose: false, flipX: false, flipY: false },
      directions.join(),
    );
  }
});

test('a flat border is cut off and boxes take it into account', async () => {
  const { image, toStored } = await present(full, (x, y) => (x < 8 || x >= 55 || y < 4 ? 4095 : ramp(x, y)));
  assert.deepEqual([image.width, image.height], [47, 46]);
  assert.deepEqual(toStored({ left: 0, top: 0, right: 47, bottom: 46 }), { left: 8, top: 4, right: 55, bottom: 50 });
});

test('a blank exposure stays whole and is black', async () => {
  const { image } = await present({}, () => 777);
  assert.deepEqual([image.width, image.height], [width, height]);
  assert.ok(image.values.every((value) => value === 0));
});

test('pixel aspect: ratio first, then spacings; turned with the picture', async () => {
  assert.equal((await present({ PixelAspectRatio: [2, 1] })).image.pixelAspect, 2);
  assert.equal((await present({ ImagerPixelSpacing: [0.1, 0.2] })).image.pixelAspect, 0.5);
  assert.equal((await present({ PixelSpacing: [0, 0.2] })).image.pixelAspect, 1);
  assert.equal((await present({ PixelSpacing: [0.1, 0.2], PatientOrientation: ['F', 'L'] })).image.pixelAspect, 2);
});

test('of several windows the first counts that shows something of this image', async () => {
  const shown = await present({ WindowCenter: [60_000, 2048, 500], WindowWidth: [10, 4096, 1000] });
  assert.equal(shown.greyScale, 'file');
  near(at(shown.image, 30, 25), ramp(30, 25) / 4095);
  const table = { LUTDescriptor: [4096, 0, 16], LUTData: new Uint8Array(new Uint16Array(4096).fill(65535).buffer) };
  const white = await present({ VOILUTSequence: [table], WindowCenter: 2048, WindowWidth: 4096 });
  near(at(white.image, 30, 25), ramp(30, 25) / 4095);
});

test('a VOI LUT table goes before a window', async () => {
  const table = {
    LUTDescriptor: [4096, 0, 16],
    LUTData: new Uint8Array(Uint16Array.from({ length: 4096 }, (_, i) => 65535 - 16 * i).buffer),
  };
  const { image } = await present({ VOILUTSequence: [table], ...full });
  near(at(image, 0, 0), 1);
  near(at(image, 59, 49), (65535 - 16 * 4095) / 65535);
});

test('SIGMOID and LINEAR_EXACT windows of the file', async () => {
  const { image } = await present({ WindowCenter: 2000, WindowWidth: 1500, VOILUTFunction: 'SIGMOID' });
  near(at(image, 30, 25), 1 / (1 + Math.exp((-4 * (ramp(30, 25) - 2000)) / 1500)));
  const exact = await present({ WindowCenter: 2000, WindowWidth: 4000, VOILUTFunction: 'LINEAR_EXACT' });
  near(at(exact.image, 30, 25), ramp(30, 25) / 4000);
});

test('an enhanced image takes window, rescale and shutter of its first frame', async () => {
  const { image } = await present({
    SharedFunctionalGroupsSequence: [
      {
        FrameVOILUTSequence: [{ WindowCenter: 3096, WindowWidth: 8192 }],
        PixelValueTransformationSequence: [{ RescaleSlope: 2, RescaleIntercept: -1000 }],
      },
    ],
    PerFrameFunctionalGroupsSequence: [
      {
        FrameDisplayShutterSequence: [
          {
            ShutterShape: 'RECTANGULAR',
            ShutterLeftVerticalEdge: 11,
            ShutterRightVerticalEdge: 60,
            ShutterUpperHorizontalEdge: 1,
            ShutterLowerHorizontalEdge: 50,
          },
        ],
      },
    ],
    WindowCenter: 1,
    WindowWidth: 2,
  });
  assert.equal(image.width, 50);
  near(at(image, 20, 25), ramp(30, 25) / 4095);
});

test('YBR_PARTIAL_422 leaves room below black and above white', async () => {
  const bytes = new Uint8Array(width * height * 2);
  for (let i = 0; i < bytes.length; i += 4) bytes.set([16 + ((i >> 2) % 219), 235 - ((i >> 2) % 219), 128, 128], i);
  const { image } = await present({
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'YBR_PARTIAL_422',
    PlanarConfiguration: 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelData: bytes,
  });
  assert.equal(image.values[0], 0);
  assert.equal(image.values[1], 1);
});

test('a border that holds a marker is cut off all the same', async () => {
  const { image } = await present(full, (x, y) => (y < 6 ? (x >= 20 && x < 23 && y > 1 && y < 5 ? 4095 : 0) : ramp(x, y)));
  assert.deepEqual([image.width, image.height], [60, 44]);
});
