import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { transferSyntax, transferSyntaxName } from '../../src/dicom/transfer-syntax.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';
import { DecoderPool } from '../../src/pixels/decoder-pool/decoder-pool.js';
import { resizeBilinear } from '../../src/pixels/resize.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { encapsulatedFile } from '../support/encapsulated-file.js';
import { openJpegStream, openJphStream } from './encoded-streams.js';
import { dcmtkVersion, loadAverage, openPeers } from './pixels-peers.js';
import { figure } from './history/figures.js';
import type { Peer } from './pixels-peers.js';

/** One line of the table: milliseconds of processor time, the least of the rounds, since whatever else the machine does only adds. */
interface Row {
  readonly transferSyntax: string;
  /** File bytes → stored values. */
  readonly decodeMs: number;
  /** By the name of the peer; absent where it has no codec for the syntax. */
  readonly peerMs: Readonly<Record<string, number>>;
  /** File bytes → picture of 192 × 192. */
  readonly pictureMs: number;
}

const columns = 2048;
const rows = 2500;
const rounds = 9;
/** A file gets no further round after this. */
const maxMsAFile = 10_000;

export const title = 'Decoding, 5 megapixels, 12 bits';

/**
 * A 5-megapixel 12-bit radiograph in each transfer syntax: our decoder beside DCMTK, GDCM and pylibjpeg on the same file, in
 * turns; then the longest time that the event loop stood still while the decoder threads worked.
 */
export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-pixels-'));
  const peers = await openPeers();
  try {
    const files = await filesIn(folder);
    const table: Row[] = [];
    for (const path of files) table.push(await measured(path, peers));
    const names = peers.map(({ name }) => name);
    console.log(
      `| transfer syntax | decode, ms | ${names.map((name) => `${name}, ms`).join(' | ')} | to the fastest | file to 192 × 192, ms |`,
    );
    console.log(`| --- | --- | ${names.map(() => '---').join(' | ')} | --- | --- |`);
    for (const { transferSyntax: name, decodeMs, peerMs, pictureMs } of table) {
      if (name === 'JPEG 2000') figure('jpeg 2000', decodeMs);
      const ratio = decodeMs / Math.min(...Object.values(peerMs));
      console.log(
        `| ${[name, decodeMs.toFixed(1), ...names.map((peer) => peerMs[peer]?.toFixed(1) ?? 'no codec'), ratio.toFixed(2), pictureMs.toFixed(0)].join(' | ')} |`,
      );
    }
    console.log(
      `\nDCMTK ${dcmtkVersion()}; its programs' start-up is taken off, their reading and writing of files is not. Processor time. Load average ${loadAverage()}.\n`,
    );
    await eventLoop(files);
  } finally {
    for (const peer of peers) peer.close();
    rmSync(folder, { recursive: true });
  }
}

/** The radiograph in every syntax that DCMTK, OpenJPEG and OpenJPH write. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const samples = radiograph();
  const plain = join(folder, 'plain.dcm');
  writeFileSync(plain, writePart10(dataSetOf(samples)));
  const encoded = (name: string, program: string, ...options: string[]): string => {
    const target = join(folder, name);
    execFileSync(program, [...options, plain, target], { stdio: 'ignore' });
    return target;
  };
  const encapsulated = (name: string, uid: string, stream: Uint8Array): string => {
    const target = join(folder, name);
    writeFileSync(target, encapsulatedFile(dataSetOf(samples), uid, [stream]));
    return target;
  };
  return [
    plain,
    encoded('2.dcm', 'dcmconv', '+tb'),
    encoded('99.dcm', 'dcmconv', '+td'),
    encoded('rle.dcm', 'dcmcrle'),
    encoded('70.dcm', 'dcmcjpeg', '+e1'),
    encoded('57.dcm', 'dcmcjpeg', '+el', '+sv', '6'),
    encoded('51.dcm', 'dcmcjpeg', '+ee', '+q', '95', '+bt'),
    encoded('50.dcm', 'dcmcjpeg', '+eb', '+q', '95', '+Wm'),
    encoded('80.dcm', 'dcmcjpls', '+el'),
    encoded('81.dcm', 'dcmcjpls', '+en'),
    encapsulated('90.dcm', transferSyntax.jpeg2000Lossless, await openJpegStream(samples, rows, columns, true)),
    encapsulated('91.dcm', transferSyntax.jpeg2000, await openJpegStream(samples, rows, columns, false)),
    encapsulated('201.dcm', transferSyntax.htj2kLossless, await openJphStream(samples, rows, columns, true)),
    encapsulated('203.dcm', transferSyntax.htj2k, await openJphStream(samples, rows, columns, false)),
  ];
}

async function measured(path: string, peers: readonly Peer[]): Promise<Row> {
  const bytes = readFileSync(path);
  const { transferSyntaxUID } = readPart10(bytes);
  const decode: number[] = [];
  const picture: number[] = [];
  const others: Record<string, number[]> = {};
  // The first frames are those that the engine compiles its loops on.
  for (let warming = 0; warming < 3; warming++) await decodeFrames(readPart10(bytes));
  const started = performance.now();
  for (let round = 0; round < rounds && (round < 3 || performance.now() - started < maxMsAFile); round++) {
    decode.push(await timed(() => decodeFrames(readPart10(bytes))));
    if (round < 3) picture.push(await timed(async () => resizeBilinear((await presentXray(readPart10(bytes))).image, 192, 192)));
    for (const peer of peers) {
      const taken = await peer.measure(path, transferSyntaxUID);
      if (taken !== undefined) (others[peer.name] ??= []).push(taken);
    }
  }
  const peerMs = Object.fromEntries(Object.entries(others).map(([name, times]) => [name, Math.min(...times)]));
  return { transferSyntax: transferSyntaxName(transferSyntaxUID), decodeMs: Math.min(...decode), pictureMs: Math.min(...picture), peerMs };
}

/** Milliseconds of processor time, of all threads of this process: what the machine is doing besides hardly shows in it. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Every file of the table and one of 120 MB through the decoder threads, while the main thread does nothing else. */
async function eventLoop(files: readonly string[]): Promise<void> {
  const pool = new DecoderPool({ workers: 1 });
  const size = { width: 192, height: 192 };
  const all = files.map((path) => readFileSync(path));
  const large = writePart10({ ...dataSetOf(new Uint16Array(0)), NumberOfFrames: 12, PixelData: new Uint8Array(12 * rows * columns * 2) });
  await pool.xray(all[0]!, size);
  for (const [name, members] of [
    ['each file of the table', all],
    ['120 MB of frames, one of them shown', [large, large]],
  ] as const) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (const bytes of members) await pool.xray(bytes, size);
    delay.disable();
    console.log(
      `event loop while decoding ${name}: longest delay ${(delay.max / 1e6).toFixed(1)} ms, 99 % below ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
    );
  }
  await pool.stop();
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
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: '2.25.10',
    StudyInstanceUID: '2.25.11',
    SeriesInstanceUID: '2.25.12',
    Modality: 'CR',
    BodyPartExamined: 'CHEST',
    Rows: rows,
    Columns: columns,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    WindowCenter: 2000,
    WindowWidth: 3000,
    PixelData: new Uint8Array(samples.buffer),
  };
}
