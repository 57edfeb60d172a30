import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { itemsOf, textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import type { SeriesInstanceUID, SOPInstanceUID } from '../../src/dicom/uid.js';
import { drawHeatMap, drawnSize, legendHeight, type ColourPicture } from '../../src/pixels/heat-map.js';
import { previewOf, type Preview } from '../../src/pixels/preview.js';
import { heatMapCapture, type HeatMapCapture } from '../../src/sr/heat-map-capture.js';
import { isOwnDocument } from '../../src/sr/own-document.js';
import { ownDocumentsIn, isSameHeatMap } from '../../src/reporting/own-documents.js';
import { validateDocument } from '../support/validate-document.js';
import { finding, imageReference, reported, source } from './sr-examples.js';

const grey = (width: number, height: number, level: number, pixelAspect = 1): Preview => ({
  width,
  height,
  values: new Uint8Array(width * height).fill(level),
  pixelAspect,
});
const pixel = ({ width, values }: ColourPicture, x: number, y: number): readonly number[] => [
  ...values.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
/** Attention in one cell of 4 × 4: third column, second row. */
const spot = { width: 4, height: 4, values: Float32Array.from({ length: 16 }, (_, index) => (index === 6 ? 2 : 0)) };
const content = { title: 'Pneumonia: 93 % (present)', source: 'test', activation: spot };

describe('a heat map as a picture', () => {
  test('colour is where the network looked, the rest is the X-ray', async () => {
    const drawn = await drawHeatMap(grey(800, 800, 100), content);
    const [red, green, blue] = pixel(drawn, 500, 300) as [number, number, number];
    assert.ok(red > 150 && green < 80 && blue < 80, `red at the spot, found ${red}, ${green}, ${blue}`);
    assert.deepEqual(pixel(drawn, 100, 700), [100, 100, 100]);
  });

  test('the box lies where it was put, to the pixel of its line', async () => {
    const box = { left: 0.25, top: 0.5, right: 0.75, bottom: 0.75 };
    const drawn = await drawHeatMap(grey(800, 1000, 0), { ...content, activation: { ...spot, values: new Float32Array(16) }, box });
    const isCyan = (x: number, y: number): boolean => pixel(drawn, x, y)[2]! > 200 && pixel(drawn, x, y)[0]! < 60;
    for (const [x, y] of [
      [200, 600],
      [599, 600],
      [400, 500],
      [400, 750],
    ] as const)
      assert.ok(isCyan(x, y), `line at ${x}, ${y}`);
    for (const [x, y] of [
      [190, 600],
      [610, 600],
      [400, 490],
      [400, 620],
    ] as const)
      assert.ok(!isCyan(x, y), `none at ${x}, ${y}`);
  });

  test('the legend stands below the picture and holds writing', async () => {
    const picture = grey(800, 600, 50);
    const drawn = await drawHeatMap(picture, content);
    assert.equal(drawn.height, 600 + legendHeight(800));
    const bright = Array.from({ length: 400 * legendHeight(800) }, (_, index) =>
      pixel(drawn, index % 400, 600 + Math.floor(index / 400)),
    ).filter(([red]) => red! > 200);
    assert.ok(bright.length > 500, `letters in the left half of the legend, found ${bright.length} bright pixels`);
    assert.ok(
      bright.some(([, , blue]) => blue! < 150),
      'the notice is amber',
    );
  });

  test('pixels become square, and a small picture is enlarged so that the legend can be read', async () => {
    assert.deepEqual(drawnSize(grey(100, 100, 0, 2)), { width: 560, height: 1120 });
    const drawn = await drawHeatMap(grey(100, 100, 0, 2), content);
    assert.deepEqual(
      [drawn.width, drawn.height, drawn.values.length],
      [560, 1120 + legendHeight(560), 560 * (1120 + legendHeight(560)) * 3],
    );
  });

  test('a preview is the mean of squares', () => {
    const values = Float32Array.from({ length: 30 }, (_, index) => (index % 2) * 0.5);
    const preview = previewOf({ width: 6, height: 5, values, pixelAspect: 1.5 }, 3);
    assert.deepEqual(
      { ...preview, values: [...preview.values] },
      { width: 3, height: 2, values: [64, 64, 64, 64, 64, 64], pixelAspect: 1.5 },
    );
  });
});

describe('a heat map as DICOM Secondary Capture', () => {
  const image: DataSet = {
    ...source,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
    SOPInstanceUID: imageReference(0).sopInstanceUID,
    BodyPartExamined: 'CHEST',
    PatientOrientation: ['L', 'F'],
  };
  const capture: HeatMapCapture = {
    source: image,
    image: imageReference(0),
    finding: finding('pneumonia', 0.934, 'present'),
    algorithm: reported.algorithm,
    input: 'input 00112233',
    picture: { width: 3, height: 3, values: new Uint8Array(27).fill(7) },
    createdAt: reported.createdAt,
    seriesInstanceUID: '2.25.700' as SeriesInstanceUID,
    sopInstanceUID: '2.25.701' as SOPInstanceUID,
    seriesNumber: 9902,
    instanceNumber: 1,
  };

  const sources: Readonly<Record<string, DataSet>> = {
    'a digital X-ray': image,
    'a source that says little': { StudyInstanceUID: source['StudyInstanceUID'], PatientID: 'P-2' },
    'a source that was compressed with loss': {
      ...image,
      LossyImageCompression: '01',
      LossyImageCompressionRatio: [9.5],
      LossyImageCompressionMethod: 'ISO_15444_1',
    },
  };
  for (const [name, from] of Object.entries(sources)) {
    test(`dciodvfy finds nothing: ${name}`, async () => {
      const { errors, warnings } = await validateDocument(writePart10(heatMapCapture({ ...capture, source: from })), 'image');
      assert.deepEqual(
        { errors, warnings: warnings.filter((one) => !one.includes('needed to build DICOMDIR')) },
        { errors: [], warnings: [] },
      );
    });
  }

  test('it says that words are burned in, how it was derived, from which image, and by which equipment', () => {
    const { dataSet, pixelData } = readPart10(writePart10(heatMapCapture(capture)));
    assert.equal(textOf(dataSet, 'BurnedInAnnotation'), 'YES');
    assert.match(
      textOf(dataSet, 'DerivationDescription') ?? '',
      /^Pneumonia 93.4 %: gradient-weighted class activation map.*input 00112233$/,
    );
    assert.deepEqual(
      itemsOf(dataSet, 'DerivationCodeSequence').map((one) => [textOf(one, 'CodeValue'), textOf(one, 'CodeMeaning')]),
      [['130403', 'Gradient-weighted class activation']],
    );
    const [from] = itemsOf(dataSet, 'SourceImageSequence');
    assert.equal(textOf(from!, 'ReferencedSOPInstanceUID'), imageReference(0).sopInstanceUID);
    assert.equal(textOf(itemsOf(from!, 'PurposeOfReferenceCodeSequence')[0]!, 'CodeValue'), '121322');
    assert.equal(textOf(itemsOf(dataSet, 'ContributingEquipmentSequence')[0]!, 'DeviceUID'), reported.algorithm.deviceUID);
    assert.ok(pixelData, 'there are pixels');
  });

  test('it is known as ours, by its header and by what Orthanc indexes of its series', () => {
    const dataSet = heatMapCapture(capture);
    assert.ok(isOwnDocument(dataSet));
    assert.ok(isOwnDocument({ Modality: 'OT', StationName: dataSet['StationName'] }));
    assert.ok(!isOwnDocument({ ...image, Modality: 'OT' }));
  });

  test('it is no predecessor of a report, and belongs to the result of its input and model only', () => {
    const { current, heatMaps } = ownDocumentsIn([heatMapCapture(capture)]);
    assert.equal(current.length, 0);
    assert.equal(heatMaps.length, 1);
    assert.ok(isSameHeatMap(heatMaps[0]!, '00112233', ['2.25.9', reported.algorithm.deviceUID]));
    assert.ok(!isSameHeatMap(heatMaps[0]!, '00112234', [reported.algorithm.deviceUID]));
    assert.ok(!isSameHeatMap(heatMaps[0]!, '00112233', ['2.25.1']));
  });

  test('the same content gives the same bytes', () => {
    assert.deepEqual(writePart10(heatMapCapture(capture)), writePart10(heatMapCapture(capture)));
  });
});
