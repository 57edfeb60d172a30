import { createPrivateFilesOnly } from '../../lib/private-files.js';
import { readPart10 } from '../../dicom/part10.js';
import { readDisplayFrame } from '../display/read-display-frame.js';
import { hounsfieldUnits } from '../ct/ct-slice.js';
import { presentCtSlice } from '../ct/present-ct-slice.js';
import type { DecodedPicture, DecoderTask, PictureSize, TaskResult } from './decoder-tasks.js';
import type { GreyImage } from '../image.js';
import { lungFraction } from '../ct/lung.js';
import { framed } from '../input-frame.js';
import type { PresentedGeometry } from '../orientation.js';
import { presentPicture } from '../picture.js';
import { previewOf } from '../preview.js';
import { serveDecoder } from './serve-decoder.js';
import { presentXray } from '../xray/xray.js';

/** The program of a decoder process: reads, decodes and presents one file at a time. */
createPrivateFilesOnly();
await serveDecoder(perform);

async function perform(task: DecoderTask, bytes: Uint8Array): Promise<TaskResult> {
  if (task.kind === 'picture') {
    const image = await presentPicture(bytes);
    return { image: scaled(image, task.size), preview: previewOf(image) };
  }
  const file = readPart10(bytes);
  switch (task.kind) {
    case 'xray':
      return sized(await presentXray(file), task.size);
    case 'ctSlice':
      return sized(
        await presentCtSlice(file, task.window, task.frameNumber, task.wholeSlice ? 'whole' : 'lungs', task.furtherWindows),
        task.size,
      );
    case 'displayFrame':
      return readDisplayFrame(file, task.frameNumber, task);
    case 'lungFraction':
      return lungFraction(await hounsfieldUnits(file, task.frameNumber));
  }
}

function sized({ image, geometry }: { image: GreyImage; geometry: PresentedGeometry }, size: PictureSize | undefined): DecodedPicture {
  return {
    preview: previewOf(image),
    image: scaled(image, size),
    geometry: size ? { ...geometry, scaleX: image.width / size.width, scaleY: image.height / size.height } : geometry,
  };
}

function scaled(image: GreyImage, size: PictureSize | undefined): GreyImage {
  return size ? framed(image, size) : image;
}
