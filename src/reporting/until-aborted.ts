import type { ImageReader } from '../serving/image-reader.js';
import type { ImageKind, ServedModel } from '../serving/model.js';
import type { StudyModels } from '../serving/study-models.js';
import type { Pacs, ReportPorts } from './ports.js';

/**
 * The same ports, which refuse to continue after a job was taken over by another worker or has exceeded its time limit: nothing is
 * requested from the PACS any more, and what is being decoded or computed is not waited for. A request to the PACS that has started
 * has a time limit of its own and is waited for, so that two attempts never store at the same time.
 *
 * @throws the signal's reason from each of them
 */
export function untilAborted<Ports extends Pick<ReportPorts, 'pacs' | 'reader' | 'model' | 'models'>>(
  ports: Ports,
  signal: AbortSignal,
): Ports {
  return {
    ...ports,
    pacs: pacsUntil(ports.pacs, signal),
    reader: readerUntil(ports.reader, signal),
    model: () => modelUntil(ports.model(), signal),
    ...(ports.models ? { models: () => modelsUntil(ports.models!(), signal) } : {}),
  };
}

function pacsUntil(pacs: Pacs, signal: AbortSignal): Pacs {
  const unlessAborted =
    <Given extends readonly unknown[], T>(request: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      signal.throwIfAborted();
      return request(...given);
    };
  const { content, isErased } = pacs;
  return {
    retrieveStudyMetadata: unlessAborted((study) => pacs.retrieveStudyMetadata(study)),
    retrieveInstance: unlessAborted((study, series, instance) => pacs.retrieveInstance(study, series, instance)),
    storeInstances: unlessAborted((files) => pacs.storeInstances(files)),
    ...(content
      ? {
          content: {
            storedFiles: unlessAborted((study) => content.storedFiles(study)),
            digestsOf: unlessAborted((study, instances) => content.digestsOf(study, instances)),
            // Documents that must not remain are removed also after the job was aborted.
            removeDocuments: (documents) => content.removeDocuments(documents),
          },
        }
      : {}),
    ...(isErased ? { isErased } : {}),
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

/** Models that share a reader share one afterwards, so that what one has decoded is not decoded again. */
function modelsUntil({ models, unavailable }: StudyModels, signal: AbortSignal): StudyModels {
  const readers = new Map([...new Set(models.map(({ reader }) => reader))].map((reader) => [reader, readerUntil(reader, signal)]));
  return {
    models: models.map(({ line, model, reader }) => ({ line, model: modelUntil(model, signal), reader: readers.get(reader)! })),
    unavailable,
  };
}

function modelUntil(model: ServedModel, signal: AbortSignal): ServedModel {
  const { name, manufacturer, version, deviceUID, slicesPerStudy, neighbouringSlices } = model;
  return {
    name,
    manufacturer,
    version,
    deviceUID,
    slicesPerStudy,
    neighbouringSlices,
    ...(model.limitations ? { limitations: (kind: ImageKind) => model.limitations!(kind) } : {}),
    get engine() {
      return model.engine;
    },
    supports: (kind) => model.supports(kind),
    limitations: (kind) => model.limitations?.(kind) ?? [],
    predictXrays: (images) => until(signal, () => model.predictXrays(images)),
    predictSlices: (images) => until(signal, () => model.predictSlices(images)),
  };
}

async function until<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
