import { parentPort } from 'node:worker_threads';
import { readPart10 } from '../dicom/part10.js';
import { Fault } from '../errors.js';
import { hounsfieldUnits, presentCtSlice } from './ct.js';
import type { DecodedPicture, DecoderAnswer, DecoderTask, PictureSize } from './decoder-tasks.js';
import type { GreyImage } from './image.js';
import { lungFraction } from './lung.js';
import type { PresentedGeometry } from './orientation.js';
import { previewOf } from './preview.js';
import { resizeBilinear } from './resize.js';
import { presentXray } from './xray.js';

/** One thread of the decoder pool: reads, decodes and presents one file at a time. */
if (!parentPort) throw new Error('decoder-worker runs only as a worker thread');
const port = parentPort;

port.on('message', ({ id, task }: { id: number; task: DecoderTask }) => {
  perform(task).then(
    (result) => send({ id, result }, typeof result === 'number' ? [] : [result.image.values.buffer as ArrayBuffer, result.preview.values.buffer as ArrayBuffer]),
    (thrown: unknown) => send(failure(id, thrown), []),
  );
});

function send(answer: DecoderAnswer, transfer: ArrayBuffer[]): void {
  port.postMessage(answer, transfer);
}

async function perform(task: DecoderTask): Promise<DecodedPicture | number> {
  const file = readPart10(task.bytes);
  switch (task.kind) {
    case 'xray': return sized(await presentXray(file), task.size);
    case 'ctSlice': return sized(await presentCtSlice(file, task.window, task.frameNumber, 'lungs'), task.size);
    case 'lungFraction': return lungFraction(await hounsfieldUnits(file, task.frameNumber));
  }
}

function sized({ image, geometry }: { image: GreyImage; geometry: PresentedGeometry }, size: PictureSize | undefined): DecodedPicture {
  const preview = previewOf(image);
  if (!size) return { image, geometry, preview };
  return {
    preview,
    image: resizeBilinear(image, size.width, size.height),
    geometry: { ...geometry, scaleX: image.width / size.width, scaleY: image.height / size.height },
  };
}

function failure(id: number, thrown: unknown): DecoderAnswer {
  if (thrown instanceof Fault) return { id, fault: { code: thrown.code, detail: thrown.detail, subject: thrown.subject } };
  return { id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}
