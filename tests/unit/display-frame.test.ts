import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10, writePart10, type Part10File } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { presentCtSlice } from '../../src/pixels/ct/present-ct-slice.js';
import { DecoderPool } from '../../src/pixels/decoder-pool/decoder-pool.js';
import type { DisplayFrame } from '../../src/pixels/display/display-frame.js';
import { readDisplayFrame } from '../../src/pixels/display/read-display-frame.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { lungWindow } from '../../src/pixels/window.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { bodyOf } from '../../src/server/routes/images.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { readFrame } from '../../src/web/image/read-frame.js';

const synthetic = join(projectRoot, 'tests/fixtures/pixels/synthetic');
const real = join(projectRoot, '../shared/data/dicom');
const ct = { window: lungWindow, wholeSlice: false };

/** What a browser shows with the first window, in grey levels, by its definition (PS3.3 §C.11.2.1.2). */
function rendered({ samples, slope, intercept, windows: [window], isInverse }: DisplayFrame): Float32Array {
  const { center, width } = window!;
  return Float32Array.from(samples, (sample) => {
    const share = (sample * slope + intercept - (center - 0.5)) / Math.max(1e-9, width - 1) + 0.5;
    const grey = Math.min(1, Math.max(0, share));
    return 255 * (isInverse ? 1 - grey : grey);
  });
}

/** Mean difference in grey levels between the frame within `shown` and the picture that the page has shown so far. */
function meanDifference(frame: DisplayFrame, image: GreyImage): number {
  const { left, top, right, bottom } = frame.shown;
  assert.deepEqual([Math.round(right - left), Math.round(bottom - top)], [image.width, image.height], 'the part that is shown');
  const grey = rendered(frame);
  let sum = 0;
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < image.width; x++)
      sum += Math.abs(grey[(y + top) * frame.columns + x + left]! - 255 * image.values[y * image.width + x]!);
  return sum / (image.width * image.height);
}

function xrayOf(file: Part10File, attributes: Readonly<Record<string, unknown>>): Part10File {
  return { ...file, dataSet: { ...file.dataSet, ...attributes } as Part10File['dataSet'] };
}

async function compare(file: Part10File): Promise<number> {
  return meanDifference(await readDisplayFrame(file, 1, ct), (await presentXray(file)).image);
}

test('every depth, sign, transfer syntax and photometric interpretation is shown as in the picture', async () => {
  const names = readdirSync(synthetic).filter((name) => name.endsWith('.dcm'));
  const kinds = new Set<string>();
  for (const name of names) {
    const file = readPart10(readFileSync(join(synthetic, name)));
    const frame = await readDisplayFrame(file, 1, ct);
    kinds.add(`${frame.samples.constructor.name} ${String(file.dataSet['PhotometricInterpretation'])} ${frame.isInverse}`);
    assert.ok((await compare(file)) < 1, name);
  }
  for (const kind of ['Uint8Array', 'Int16Array', 'Uint16Array', 'RGB', 'MONOCHROME1', 'MONOCHROME2'])
    assert.ok(
      [...kinds].some((one) => one.includes(kind)),
      `${kind} among ${[...kinds].join()}`,
    );
});

test('MONOCHROME1, rescale, windows, LUTs, padding and orientation are shown as in the picture', async () => {
  const file = readPart10(readFileSync(join(synthetic, 'explicit-16-12-11-u.dcm')));
  const { columns, rows } = await readDisplayFrame(file, 1, ct);
  const ramp = Array.from({ length: 4096 }, (_, index) => Math.round(255 * (index / 4095) ** 2));
  const cases: Readonly<Record<string, readonly [Record<string, unknown>, (frame: DisplayFrame) => boolean]>> = {
    inverse: [{ PhotometricInterpretation: 'MONOCHROME1' }, ({ isInverse }) => isInverse],
    rescale: [{ RescaleSlope: 2, RescaleIntercept: -1000, WindowCenter: 2000, WindowWidth: 4000 }, ({ intercept }) => intercept === -1000],
    exact: [{ WindowCenter: 2000, WindowWidth: 3000, VOILUTFunction: 'LINEAR_EXACT' }, ({ windows }) => windows[0]!.width === 3001],
    several: [{ WindowCenter: [2000, 1000], WindowWidth: [3000, 500] }, ({ windows }) => windows.length === 2],
    sigmoid: [{ WindowCenter: 2000, WindowWidth: 1500, VOILUTFunction: 'SIGMOID' }, ({ windows }) => windows[0]!.width === 4096],
    table: [{ VOILUTSequence: [{ LUTDescriptor: [4096, 0, 8], LUTData: ramp }] }, ({ windows }) => windows.length === 1],
    modalityTable: [{ ModalityLUTSequence: [{ LUTDescriptor: [4096, 0, 16], LUTData: ramp }] }, ({ windows }) => windows.length === 1],
    padding: [{ PixelPaddingValue: 0, PixelPaddingRangeLimit: 50, PhotometricInterpretation: 'MONOCHROME1' }, () => true],
    turned: [{ PatientOrientation: ['F', 'R'] }, (frame) => frame.columns === rows && frame.rows === columns],
    spacing: [{ PixelSpacing: [0.2, 0.1] }, ({ spacing, pixelAspect }) => spacing![0] === 0.2 && pixelAspect === 2],
  };
  for (const [name, [attributes, holds]] of Object.entries(cases)) {
    const changed = xrayOf(file, attributes);
    const frame = await readDisplayFrame(changed, 1, ct);
    assert.ok(holds(frame), `${name}: ${JSON.stringify({ ...frame, samples: frame.samples.length })}`);
    assert.ok((await compare(changed)) < 1, name);
  }
});

test('a frame of a multi-frame file is the one that is requested; another number is refused', async () => {
  const file = readPart10(readFileSync(join(synthetic, 'explicit-1-1-0-u-3frames.dcm')));
  const [first, third] = await Promise.all([readDisplayFrame(file, 1, ct), readDisplayFrame(file, 3, ct)]);
  assert.notDeepEqual(first.samples, third.samples);
  await assert.rejects(readDisplayFrame(file, 4, ct), (thrown) => thrown instanceof Fault && thrown.code === 'pixels-unreadable');
  await assert.rejects(
    readDisplayFrame({ ...file, pixelData: undefined } as unknown as Part10File, 1, ct),
    (thrown) => thrown instanceof Fault && thrown.code === 'pixels-unreadable',
  );
});

test('a CT slice has Hounsfield units, the lung window first, and the part that the network sees', async () => {
  const study = sampleStudies('display', { scale: 0.25, ctSlices: 4 })[5]!;
  const file = readPart10(study.files[2]!);
  const frame = await readDisplayFrame(file, 1, ct);
  assert.deepEqual([frame.unit, frame.slope, frame.intercept, frame.windows[0]], ['HU', 1, 0, lungWindow]);
  assert.ok(Math.min(...frame.samples) < -900 && Math.max(...frame.samples) > 100);
  assert.ok(meanDifference(frame, (await presentCtSlice(file, lungWindow, 1, 'lungs')).image) < 1);
  const whole = await readDisplayFrame(file, 1, { ...ct, wholeSlice: true });
  assert.deepEqual(whole.shown, { left: 0, top: 0, right: frame.columns, bottom: frame.rows });
});

test('a frame that a viewer no longer waits for is not decoded', async () => {
  const pool = new DecoderPool({ workers: 1 });
  try {
    const bytes = readFileSync(join(synthetic, 'explicit-16-12-11-u.dcm'));
    const view = { windows: [lungWindow] };
    const gone = new AbortController();
    const finished: string[] = [];
    const first = pool.displayFrame(bytes, view, 1, gone.signal).then(() => finished.push('first'));
    const waiting = pool.displayFrame(bytes, view, 1, gone.signal).finally(() => finished.push('waiting'));
    const last = pool.displayFrame(bytes, view);
    gone.abort();
    await assert.rejects(waiting, (thrown) => thrown instanceof Fault && thrown.code === 'timed-out');
    await Promise.all([first, last]);
    assert.deepEqual(finished, ['waiting', 'first'], 'what is decoded already is finished');
    await assert.rejects(pool.displayFrame(bytes, view, 1, gone.signal), Fault);
  } finally {
    await pool.stop();
  }
});

test('a frame crosses from the decoder to the browser unchanged; a damaged body is refused', async () => {
  const pool = new DecoderPool({ workers: 1 });
  try {
    for (const name of ['explicit-16-12-11-u', 'explicit-16-12-11-s', 'explicit-8-8-7-u', 'j2k-rgb-8-1frames']) {
      const bytes = readFileSync(join(synthetic, `${name}.dcm`));
      const expected = await readDisplayFrame(readPart10(bytes), 1, ct);
      const decoded = await pool.displayFrame(bytes, { windows: [lungWindow] });
      assert.deepEqual(decoded, expected, name);
      const body = bodyOf(decoded);
      const { samples, ...attributes } = readFrame(new Uint8Array(body).buffer);
      assert.deepEqual(samples, expected.samples, name);
      assert.deepEqual(
        [attributes.columns, attributes.rows, attributes.windows, attributes.shown],
        [expected.columns, expected.rows, expected.windows, expected.shown],
      );
      for (const broken of [body.subarray(0, 3), body.subarray(0, 40), body.subarray(0, body.length - 2), Buffer.concat([body, body])])
        assert.throws(() => readFrame(new Uint8Array(broken).buffer), /expected/, name);
    }
  } finally {
    await pool.stop();
  }
});

test('a frame of more than ten million pixels is reduced, with its spacing and the part that is shown', async () => {
  const [columns, rows] = [3600, 3000];
  const values = Uint16Array.from({ length: columns * rows }, (_, index) => (index % columns) % 1000);
  const file = readPart10(
    writePart10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
      SOPInstanceUID: '1.2.3',
      StudyInstanceUID: '1.2',
      SeriesInstanceUID: '1.2.1',
      Modality: 'DX',
      Rows: rows,
      Columns: columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      PixelSpacing: [0.1, 0.1],
      PixelData: new Uint8Array(values.buffer),
    }),
  );
  const frame = await readDisplayFrame(file, 1, ct);
  assert.deepEqual([frame.columns, frame.rows, frame.reduction, frame.spacing], [1800, 1500, 2, [0.2, 0.2]]);
  assert.equal(frame.samples[1], Math.round((2 + 3) / 2));
  assert.ok(frame.shown.right <= 1800 && frame.shown.bottom <= 1500);
});

test('real radiographs are shown as in the picture', { skip: existsSync(real) ? false : 'no real files here' }, async () => {
  let compared = 0;
  for (const name of readdirSync(real, { recursive: true, encoding: 'utf8' })) {
    if (!/\.dcm$|_J2KI$|_JLSN$|_JPLL$|_RLE$/.test(name)) continue;
    try {
      const file = readPart10(readFileSync(join(real, name)));
      // Larger ones are reduced, which has a test of its own.
      if (String(file.dataSet['Modality']) === 'CT' || Number(file.dataSet['Rows']) * Number(file.dataSet['Columns']) > 4.5e6) continue;
      const expected = (await presentXray(file)).image;
      assert.ok(meanDifference(await readDisplayFrame(file, 1, ct), expected) < 1, name);
      compared++;
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
    }
  }
  assert.ok(compared > 40, `${compared} files`);
});
