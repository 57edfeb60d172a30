import type { ImageReader } from '../serving/image-reader.js';
import type { Pacs, ReportPorts } from './ports.js';
import type { ServedModel } from '../serving/model.js';

/**
 * The same tools, which refuse to go on once a job is no longer ours or has taken longer than it may: nothing is asked of the
 * PACS any more, and what is being decoded or computed is not waited for. A request to the PACS that is under way has a time limit
 * of its own and is waited for, so that no two attempts store at once.
 *
 * @throws the signal's reason from each of them
 */
export function heedSignal(tools: ReportPorts, signal: AbortSignal): ReportPorts {
  return {
    ...tools,
    pacs: pacsUntil(tools.pacs, signal),
    reader: readerUntil(tools.reader, signal),
    model: () => modelUntil(tools.model(), signal),
  };
}

function pacsUntil(pacs: Pacs, signal: AbortSignal): Pacs {
  const first =
    <Given extends readonly unknown[], T>(ask: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      signal.throwIfAborted();
      return ask(...given);
    };
  return {
    retrieveStudyMetadata: first((study) => pacs.retrieveStudyMetadata(study)),
    retrieveInstance: first((study, series, instance) => pacs.retrieveInstance(study, series, instance)),
    storeInstances: first((files) => pacs.storeInstances(files)),
  };
}

function readerUntil(reader: ImageReader, signal: AbortSignal): ImageReader {
  return {
    readXray: (file) => until(signal, () => reader.readXray(file)),
    readCtSlice: (file, frameNumber) => until(signal, () => reader.readCtSlice(file, frameNumber)),
    lungFraction: (file, frameNumber) => until(signal, () => reader.lungFraction(file, frameNumber)),
    readPicture: (file) => until(signal, () => reader.readPicture(file)),
  };
}

function modelUntil(model: ServedModel, signal: AbortSignal): ServedModel {
  const { name, manufacturer, version, deviceUID, slicesPerStudy } = model;
  return {
    name,
    manufacturer,
    version,
    deviceUID,
    slicesPerStudy,
    get engine() {
      return model.engine;
    },
    judges: (kind) => model.judges(kind),
    predictXrays: (images) => until(signal, () => model.predictXrays(images)),
    predictSlices: (images) => until(signal, () => model.predictSlices(images)),
  };
}

async function until<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let aborted = (): void => undefined;
  const end = new Promise<never>((_, reject) => {
    aborted = () => reject(signal.reason as Error);
    signal.addEventListener('abort', aborted, { once: true });
  });
  try {
    return await Promise.race([work(), end]);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}
