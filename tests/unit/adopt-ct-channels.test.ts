import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPart10 } from '../../src/dicom/part10.js';
import { presentCtSlice } from '../../src/pixels/ct/present-ct-slice.js';
import type { AxialSlice } from '../../src/pixels/ct/slice-order.js';
import { answerOf, answerParts } from '../../src/pixels/decoder-pool/decoder-messages.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { networkInput } from '../../src/pixels/network-input.js';
import { previewOf } from '../../src/pixels/preview.js';
import { neighboursOf, stackedSlices } from '../../src/reporting/neighbouring-slices.js';
import { ctPhantom } from '../../src/samples/ct-phantom.js';
import { ctFile } from '../../src/samples/sample-file.js';

const windows = [
  { center: -600, width: 1500 },
  { center: 40, width: 400 },
] as const;

test('windows of a CT slice become channels, each as that window alone shows it, through the decoder too', async () => {
  const phantom = ctPhantom({ seed: 'channels', sex: 'F', slices: 5, size: 64 });
  const { size, mmPerPixel, sliceDistanceMm: thicknessMm } = phantom;
  const { position, hu } = phantom.slices[2]!;
  const identity = { seed: 'channels', patientName: 'Phantom', patientID: 'PHANTOM-1', sex: 'F' as const };
  const file = readPart10(ctFile(identity, 1, { number: 3, size, mmPerPixel, thicknessMm, position, hu }));
  const [both, lung, soft] = await Promise.all([
    presentCtSlice(file, windows[0], 1, 'whole', [windows[1]]),
    presentCtSlice(file, windows[0]),
    presentCtSlice(file, windows[1]),
  ]);
  assert.deepEqual(both.image.planes, [lung.image.values, soft.image.values]);
  const input = { width: 32, height: 32, channels: 2, normalization: { range: [0, 1] } } as const;
  const values = networkInput(both.image, input);
  const alone = { ...input, channels: 1 };
  assert.deepEqual(values.slice(0, 1024), networkInput(lung.image, alone));
  assert.deepEqual(values.slice(1024), networkInput(soft.image, alone));
  const [, head, ...body] = answerParts({ result: { image: both.image, geometry: both.geometry, preview: previewOf(both.image) } });
  const answer = answerOf(head!, Uint8Array.from(Buffer.concat(body)));
  assert.ok('result' in answer && typeof answer.result === 'object' && 'image' in answer.result);
  assert.deepEqual(answer.result.image.planes, both.image.planes);
});

test('neighbouring slices become channels; at the ends of the stack, and for a slice that cannot be read, the nearest takes the place', () => {
  const stack = Array.from({ length: 5 }, (_, position) => ({ position }) as unknown as AxialSlice);
  const places = (slice: number): readonly number[] => neighboursOf(stack[slice]!, stack, 3).map(({ position }) => position);
  assert.deepEqual(
    [places(0), places(2), places(4)],
    [
      [0, 0, 1],
      [1, 2, 3],
      [3, 4, 4],
    ],
  );
  const picture = (grey: number): GreyImage => ({ width: 1, height: 1, values: Float32Array.of(grey), pixelAspect: 1 });
  const own = picture(0.5);
  assert.deepEqual(
    stackedSlices([picture(0.25), own, undefined], own).planes?.map(([grey]) => grey),
    [0.25, 0.5, 0.5],
  );
});
