import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { shownRegions } from '../../src/server/page/shown-regions.js';
import { imageReference, measurementOfExample, reported } from './sr-examples.js';

const image = (PatientOrientation: readonly string[], more: DataSet = {}): DataSet => ({
  SOPInstanceUID: imageReference(0).sopInstanceUID,
  Modality: 'DX',
  Columns: 1000,
  Rows: 2000,
  PatientOrientation,
  ...more,
});
const close = (found: readonly number[], expected: readonly number[]): void =>
  found.forEach((value, index) =>
    assert.ok(Math.abs(value - expected[index]!) < 1e-4, `${found.join(' ')}, expected ${expected.join(' ')}`),
  );

test('a box of the TID 1500 document lies where the image is shown: upright, in shares of its size', () => {
  const document = measurementOfExample(reported);
  const boxOf = (one: DataSet): readonly number[] => {
    const [region, ...others] = shownRegions([one, document]);
    assert.deepEqual(others, []);
    assert.equal(region!.finding, 'Pneumonia');
    assert.equal(region!.sopInstanceUID, imageReference(0).sopInstanceUID);
    assert.equal(region!.frame, 1);
    return [region!.left, region!.top, region!.right, region!.bottom];
  };
  // As stored: columns 190.5 to 325.1, rows 430 to 560.25.
  close(boxOf(image(['L', 'F'])), [0.1905, 0.215, 0.3251, 0.280_125]);
  close(boxOf(image([])), [0.1905, 0.215, 0.3251, 0.280_125]);
  // Mirrored, and upside down.
  close(boxOf(image(['R', 'F'])), [0.6749, 0.215, 0.8095, 0.280_125]);
  close(boxOf(image(['L', 'H'])), [0.1905, 0.719_875, 0.3251, 0.785]);
  // Lying: rows are columns.
  close(boxOf(image(['F', 'L'])), [0.215, 0.1905, 0.280_125, 0.3251]);
  // A slice is shown as it is stored.
  close(boxOf(image(['R', 'H'], { Modality: 'CT' })), [0.1905, 0.215, 0.3251, 0.280_125]);
});

test('nothing is shown of a superseded document, or on an image that the study does not contain', () => {
  const first = measurementOfExample(reported);
  const second = measurementOfExample({
    ...reported,
    findings: reported.findings.map(({ region: _, ...one }) => one),
    sopInstanceUID: '2.25.777' as typeof reported.sopInstanceUID,
    predecessors: [
      {
        studyInstanceUID: imageReference(0).studyInstanceUID,
        seriesInstanceUID: reported.seriesInstanceUID,
        sopClassUID: String(first['SOPClassUID']) as never,
        sopInstanceUID: String(first['SOPInstanceUID']) as never,
      },
    ],
  });
  assert.deepEqual(shownRegions([image([]), first, second]), []);
  assert.deepEqual(shownRegions([first]), []);
  assert.deepEqual(shownRegions([]), []);
});
