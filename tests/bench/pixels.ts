import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import type { Part10File } from '../../src/dicom/part10.js';
import { transferSyntax, transferSyntaxName } from '../../src/dicom/transfer-syntax.js';
import { decodeFrames } from '../../src/pixels/decode.js';
import { resizeBilinear } from '../../src/pixels/resize.js';
import { presentXray } from '../../src/pixels/xray.js';

/** One line of the table: milliseconds, the fastest of the runs, since whatever else the machine does only adds. */
export interface PixelsBenchRow {
  readonly transferSyntax: string;
  /** File bytes → stored values. */
  readonly decodeMs: number;
  /** DCMTK's program on the same file, without the time that it needs to start; undefined where DCMTK has no codec. */
  readonly dcmtkMs: number | undefined;
  /** File bytes → picture of 192 × 192. */
  readonly pictureMs: number;
}

const columns = 2048;
const rows = 2500;
const runs = 5;

/** A 5-megapixel 12-bit radiograph in each transfer syntax: our decoder beside DCMTK on the same file in the same run. */
export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-pixels-'));
  try {
    const samples = radiograph();
    const plain = join(folder, 'plain.dcm');
    writeFileSync(plain, writePart10(dataSetOf(samples)));
    const encoded = (name: string, program: string, ...options: string[]): string => {
      const target = join(folder, name);
      execFileSync(program, [...options, plain, target], { stdio: 'ignore' });
      return target;
    };
    const table: PixelsBenchRow[] = [
      await row(plain, 'dcmconv'),
      await row(encoded('rle.dcm', 'dcmcrle'), 'dcmdrle'),
      await row(encoded('70.dcm', 'dcmcjpeg', '+e1'), 'dcmdjpeg'),
      await row(encoded('57.dcm', 'dcmcjpeg', '+el', '+sv', '6'), 'dcmdjpeg'),
      await row(encoded('51.dcm', 'dcmcjpeg', '+ee', '+q', '95', '+bt'), 'dcmdjpeg'),
      await row(encoded('50.dcm', 'dcmcjpeg', '+eb', '+q', '95', '+Wm'), 'dcmdjpeg'),
      await row(encoded('80.dcm', 'dcmcjpls', '+el'), 'dcmdjpls'),
      await row(encoded('81.dcm', 'dcmcjpls', '+en'), 'dcmdjpls'),
    ];
    const source = readPart10(readFileSync(plain));
    for (const [uid, stream] of [
      [transferSyntax.jpeg2000Lossless, await openJpegStream(samples)],
      [transferSyntax.htj2kLossless, await openJphStream(samples)],
    ] as const) {
      table.push(await measured({ ...source, transferSyntaxUID: uid, pixelData: { kind: 'encapsulated', offsetTable: new Uint8Array(0), fragments: [stream] } }));
    }
    console.log('| transfer syntax | decode, ms | DCMTK, ms | ratio | file to 192 × 192, ms |\n|---|---|---|---|---|');
    for (const { transferSyntax: name, decodeMs, dcmtkMs, pictureMs } of table) {
      console.log(`| ${[name, decodeMs.toFixed(0), dcmtkMs?.toFixed(0) ?? 'no codec', dcmtkMs ? (decodeMs / dcmtkMs).toFixed(2) : '–', pictureMs.toFixed(0)].join(' | ')} |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function row(path: string, program: string): Promise<PixelsBenchRow> {
  const bytes = readFileSync(path);
  const ours = await measured(readPart10(bytes));
  const target = `${path}.out`;
  const started = fastestSync(() => execFileSync(program, ['--version'], { stdio: 'ignore' }));
  const dcmtk = fastestSync(() => execFileSync(program, [path, target], { stdio: 'ignore' }));
  return { ...ours, dcmtkMs: dcmtk - started };
}

async function measured(file: Part10File): Promise<PixelsBenchRow> {
  await decodeFrames(file);
  const decodeMs = await fastest(() => decodeFrames(file));
  const pictureMs = await fastest(async () => resizeBilinear((await presentXray(file)).image, 192, 192));
  return { transferSyntax: transferSyntaxName(file.transferSyntaxUID), decodeMs, pictureMs, dcmtkMs: undefined };
}

async function fastest(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}

function fastestSync(work: () => unknown): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

/** Something with the statistics of a chest: smooth shapes, edges, and noise of a few grey levels. */
function radiograph(): Uint16Array {
  const samples = new Uint16Array(rows * columns);
  let state = 1;
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i++) {
      const lung = Math.hypot((Math.abs(x - 1024) - 450) / 330, (y - 1100) / 750) < 1 ? 900 : 0;
      const rib = 120 * Math.sin(y / 45 + Math.abs(x - 1024) / 300);
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      samples[i] = 1500 + lung + rib + 500 * Math.cos(x / 700) + (state >>> 16) / 2500;
    }
  }
  return samples;
}

function dataSetOf(samples: Uint16Array): Record<string, unknown> {
  return {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: '2.25.10', StudyInstanceUID: '2.25.11', SeriesInstanceUID: '2.25.12', Modality: 'CR', BodyPartExamined: 'CHEST',
    Rows: rows, Columns: columns, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0,
    WindowCenter: 2000, WindowWidth: 3000, PixelData: new Uint8Array(samples.buffer),
  };
}

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, quality: number): void;
  encode(): void;
}

const frameInfo = { width: columns, height: rows, bitsPerSample: 12, isSigned: false, componentCount: 1, isUsingColorTransform: false };
const require = createRequire(import.meta.url);

async function openJphStream(samples: Uint16Array): Promise<Uint8Array> {
  const codec = await (require('@cornerstonejs/codec-openjph/wasmjs') as () => Promise<{ HTJ2KEncoder: new () => Encoder }>)();
  return encodedBy(new codec.HTJ2KEncoder(), samples);
}

async function openJpegStream(samples: Uint16Array): Promise<Uint8Array> {
  const codec = await (require('@cornerstonejs/codec-openjpeg/wasmjs') as () => Promise<{ J2KEncoder: new () => Encoder }>)();
  return encodedBy(new codec.J2KEncoder(), samples);
}

function encodedBy(encoder: Encoder, samples: Uint16Array): Uint8Array {
  encoder.getDecodedBuffer(frameInfo).set(new Uint8Array(samples.buffer));
  encoder.setQuality(true, 0);
  encoder.encode();
  return encoder.getEncodedBuffer().slice();
}
