import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { visibleRegion } from '../../src/pixels/xray/shutter.js';
import { presentXray } from '../../src/pixels/xray/xray.js';

const rows = 40;
const columns = 50;
const frame = { rows, columns };

/** The pixels of a frame that stay, by a slow second implementation: row and column counted from 1. */
function expected(inside: (row: number, column: number) => boolean): number[] {
  return Array.from({ length: rows * columns }, (_, i) => (inside(Math.floor(i / columns) + 1, (i % columns) + 1) ? 0 : 1));
}

const rectangle = {
  ShutterShape: 'RECTANGULAR',
  ShutterLeftVerticalEdge: 6,
  ShutterRightVerticalEdge: 45,
  ShutterUpperHorizontalEdge: 4,
  ShutterLowerHorizontalEdge: 33,
};
const inRectangle = (row: number, column: number): boolean => row >= 4 && row <= 33 && column >= 6 && column <= 45;

for (const noun of ['Shutter', 'Collimator']) {
  const named = (attributes: DataSet): DataSet =>
    Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key.replace('Shutter', noun), value]));

  test(`${noun}: rectangle, circle, polygon, and all of them together`, () => {
    const circle = { ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [20, 25], RadiusOfCircularShutter: 15 };
    const inCircle = (row: number, column: number): boolean => (row - 20) ** 2 + (column - 25) ** 2 <= 225;
    const polygon = { ShutterShape: 'POLYGONAL', VerticesOfThePolygonalShutter: [5, 25, 35, 5, 35, 45] };
    const inPolygon = (row: number, column: number): boolean =>
      row >= 5 && row <= 35 && Math.abs(column - 25) <= ((row - 5) / 30) * 20 + 1e-9;
    for (const [attributes, inside] of [
      [rectangle, inRectangle],
      [circle, inCircle],
      [polygon, inPolygon],
      [
        { ...rectangle, ...circle, ...polygon, ShutterShape: ['RECTANGULAR', 'CIRCULAR', 'POLYGONAL'] },
        (row: number, column: number) => inRectangle(row, column) && inCircle(row, column) && inPolygon(row, column),
      ],
    ] as const) {
      assert.deepEqual([...visibleRegion(named(attributes), frame)!.covered], expected(inside), JSON.stringify(attributes['ShutterShape']));
    }
    assert.deepEqual(visibleRegion(named(rectangle), frame)!.box, { left: 5, top: 3, right: 45, bottom: 33 });
  });

  test(`${noun}: a shape that is not inside the image, or not there at all, is not believed`, () => {
    assert.equal(visibleRegion({}, frame), undefined);
    for (const attributes of [
      { ShutterShape: 'RECTANGULAR' },
      { ...rectangle, ShutterRightVerticalEdge: 5 },
      { ...rectangle, ShutterLeftVerticalEdge: 1000, ShutterRightVerticalEdge: 2000 },
      { ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [20, 25], RadiusOfCircularShutter: 3 },
      { ShutterShape: 'POLYGONAL', VerticesOfThePolygonalShutter: [1, 2, 3] },
      {
        ShutterShape: 'RECTANGULAR',
        ShutterLeftVerticalEdge: 1,
        ShutterRightVerticalEdge: columns,
        ShutterUpperHorizontalEdge: 1,
        ShutterLowerHorizontalEdge: rows,
      },
      { ShutterShape: 'STAR' },
    ])
      assert.equal(visibleRegion(named(attributes), frame), undefined, JSON.stringify(attributes));
  });
}

test('a bitmap shutter covers where its overlay is set', () => {
  const bits = new Uint8Array((rows * columns) / 8);
  for (let i = 0; i < rows * columns; i++) if (i % columns < 10) bits[i >> 3]! |= 1 << (i & 7);
  const region = visibleRegion(
    { ShutterShape: 'BITMAP', ShutterOverlayGroup: 0x6002, '60020010': rows, '60020011': columns, '60020050': [1, 1], '60023000': bits },
    frame,
  )!;
  assert.deepEqual(
    [...region.covered],
    expected((_, column) => column > 10),
  );
  assert.deepEqual(region.box, { left: 10, top: 0, right: columns, bottom: rows });
});

function image(attributes: DataSet, value: (x: number, y: number) => number): ReturnType<typeof readPart10> {
  const samples = Uint16Array.from({ length: rows * columns }, (_, i) => value(i % columns, Math.floor(i / columns)));
  return readPart10(
    writePart10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
      SOPInstanceUID: '2.25.5',
      Rows: rows,
      Columns: columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelData: new Uint8Array(samples.buffer),
      ...attributes,
    }),
  );
}
const ramp = (x: number, y: number): number => 1000 + 20 * x + 10 * y;

test('what is covered is cut off, does not count in the contrast, and boxes lead back, turned or not', async () => {
  const value = (x: number, y: number): number => (inRectangle(y + 1, x + 1) ? ramp(x, y) : 4095);
  for (const [orientation, box, corner] of [
    [['L', 'F'], { left: 5, top: 3, right: 45, bottom: 33 }, [0, 0]],
    [['R', 'H'], { left: 5, top: 3, right: 45, bottom: 33 }, [39, 29]],
    [['F', 'L'], { left: 5, top: 3, right: 45, bottom: 33 }, [0, 0]],
  ] as const) {
    const { image: picture, toStored, greyScale } = await presentXray(image({ ...rectangle, PatientOrientation: orientation }, value));
    assert.equal(greyScale, 'percentiles');
    assert.deepEqual([picture.width, picture.height], orientation[0] === 'F' ? [30, 40] : [40, 30]);
    assert.deepEqual(toStored({ left: 0, top: 0, right: picture.width, bottom: picture.height }), box);
    assert.ok(picture.values[corner[1] * picture.width + corner[0]]! < 0.02);
    assert.ok(picture.values.some((one) => one > 0.98));
  }
});

test('the corners around a circle are black', async () => {
  const { image: picture } = await presentXray(
    image({ ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [20, 25], RadiusOfCircularShutter: 15 }, ramp),
  );
  // Its outermost rows show so few pixels that they count as border.
  assert.ok(picture.width >= 29 && picture.width <= 31 && picture.width === picture.height);
  assert.equal(picture.values[0], 0);
  assert.ok(picture.values[15 * picture.width + 25]! > 0.5);
});
