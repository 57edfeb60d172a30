import { parentPort } from 'node:worker_threads';
import { Fault } from '../errors.js';
import type { PictureAnalysis, PictureRequest } from './picture-workers.js';
import { trainingPicture } from './training-picture.js';

/** One thread that makes pictures of batches. */
if (!parentPort) throw new Error('picture-worker runs only as a worker thread');
const port = parentPort;

port.on('message', ({ id, task }: PictureRequest) => {
  try {
    const values = trainingPicture(task);
    port.postMessage({ id, values } satisfies PictureAnalysis, [values.buffer as ArrayBuffer]);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    port.postMessage({
      id,
      fault:
        error instanceof Fault
          ? { code: error.code, detail: error.detail, source: task.file }
          : { code: 'image-unreadable', detail, source: task.file },
    } satisfies PictureAnalysis);
  }
});
