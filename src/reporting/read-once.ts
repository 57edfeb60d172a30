import type { ImageReader } from '../serving/image-reader.js';
import type { Pacs } from './ports.js';

/** The files of a study and what is decoded from them, shared by all models that predict the study. */
export interface SharedReads {
  readonly pacs: Pick<Pacs, 'retrieveInstance'>;
  /** The same reader for the same reader: what one model has decoded, another that takes the same input gets at once. */
  readerOf(reader: ImageReader): ImageReader;
}

/** Retrieves each instance once, and decodes it once for each reader. What could not be read is not read again. */
export function readOnce(pacs: Pick<Pacs, 'retrieveInstance'>): SharedReads {
  const files = new Map<string, Promise<Uint8Array>>();
  const fractions = new Map<Uint8Array, Map<number, Promise<number>>>();
  const readers = new Map<ImageReader, ImageReader>();
  return {
    pacs: {
      retrieveInstance: (study, series, instance) =>
        remembered(files, instance as string, () => pacs.retrieveInstance(study, series, instance)),
    },
    readerOf: (reader) =>
      remembered(readers, reader, () => {
        const xrays = new Map<Uint8Array, ReturnType<ImageReader['readXray']>>();
        const slices = new Map<Uint8Array, Map<number, ReturnType<ImageReader['readCtSlice']>>>();
        return {
          readXray: (file) => remembered(xrays, file, () => reader.readXray(file)),
          readCtSlice: (file, frameNumber) =>
            remembered(
              remembered(slices, file, () => new Map<number, ReturnType<ImageReader['readCtSlice']>>()),
              frameNumber,
              () => reader.readCtSlice(file, frameNumber),
            ),
          // The share of lung does not depend on the size that a network takes.
          lungFraction: (file, frameNumber) =>
            remembered(
              remembered(fractions, file, () => new Map<number, Promise<number>>()),
              frameNumber,
              () => reader.lungFraction(file, frameNumber),
            ),
          readPicture: (file) => reader.readPicture(file),
        };
      }),
  };
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = known.get(key);
  if (present !== undefined) return present;
  const made = make();
  known.set(key, made);
  return made;
}
