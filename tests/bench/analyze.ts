import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPart10 } from '../../src/dicom/part10.js';
import { transferSyntax } from '../../src/dicom/transfer-syntax.js';
import { startPrivateOrthanc } from '../../src/orthanc/private-orthanc.js';
import { sampleLoad } from '../../src/samples/sample-load.js';
import type { UploadAnalysisResult } from '../../src/server/page-types.js';
import { logInFirst } from '../support/access.js';
import { encapsulatedFile } from '../support/encapsulated-file.js';
import { spawnService } from '../support/service.js';
import { openJpegStream } from './encoded-streams.js';
import { spread } from './median.js';

const starts = 5;
const repeats = 9;

export const title = 'Dropped files on the page';

/**
 * A 2500 × 2048 CR that somebody drops on the page, as the browser sends it to a service that runs as a process of its own: from
 * the first byte sent to the last byte of the answer, with picture and colours. In each transfer syntax the very first question
 * that the service hears after its start, then others.
 */
export async function bench(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'chest-ai-answer-'));
  const orthanc = await startPrivateOrthanc({ directory: join(directory, 'orthanc'), stableAgeSeconds: 1 });
  try {
    console.log(`answer for a dropped 2500 × 2048 CR, over HTTP; load average ${loadavg()[0]!.toFixed(1)} at the beginning`);
    for (const [name, bytes] of await filesIn(directory)) {
      const first: number[] = [];
      const others: number[] = [];
      for (let start = 0; start < starts; start++) {
        const dataDir = join(directory, `service-${name}-${start}`.replaceAll(' ', '-'));
        const service = await spawnService(orthanc, { dataDir });
        try {
          const url = /service is running {2}url=(\S+)/.exec(service.output())![1]!;
          const login = await logInFirst(url, dataDir);
          first.push(await timed(url, login, bytes));
          if (start === 0) for (let repeat = 0; repeat < repeats; repeat++) others.push(await timed(url, login, bytes));
        } finally {
          await service.end();
        }
      }
      console.log(
        `  ${name.padEnd(22)} ${(bytes.length / 1e6).toFixed(1)} MB: the first after a start ${spread(first)}; then ${spread(others)}`,
      );
    }
  } finally {
    await orthanc.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

async function timed(url: string, login: Awaited<ReturnType<typeof logInFirst>>, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${url}/api/analyze`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', ...login },
    body: bytes,
  });
  const { images } = (await response.json()) as UploadAnalysisResult;
  const took = performance.now() - started;
  if (images[0]?.outcome !== 'reported' || !images[0].picture)
    throw new Error(`expected an answer with a picture, found ${response.status} ${JSON.stringify(images[0])}`);
  return took;
}

async function filesIn(directory: string): Promise<readonly (readonly [string, Uint8Array<ArrayBuffer>])[]> {
  const plain = new Uint8Array([...sampleLoad(1, 'answer')][0]!.files[0]!);
  const { dataSet, pixelData } = readPart10(plain);
  if (pixelData?.kind !== 'native') throw new Error('expected uncompressed pixels');
  await writeFile(join(directory, 'plain.dcm'), plain);
  execFileSync('dcmcjpeg', ['+e1', join(directory, 'plain.dcm'), join(directory, 'lossless.dcm')]);
  const stream = await openJpegStream(new Uint16Array(pixelData.bytes.slice().buffer), 2500, 2048, true);
  return [
    ['uncompressed', plain],
    ['JPEG lossless', new Uint8Array(await readFile(join(directory, 'lossless.dcm')))],
    ['JPEG 2000 lossless', new Uint8Array(encapsulatedFile(dataSet, transferSyntax.jpeg2000Lossless, [stream]))],
  ];
}
