import { open } from 'node:fs/promises';
import type { DataSet } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { Fault } from '../errors.js';

/** How much of a file is read for its header: more only where less does not do. */
const steps = [2 ** 18, 2 ** 22, 2 ** 26] as const;
/** Longer binary values are left out, as they are in the metadata that a PACS gives (PS3.18 F.2.6). */
const maxBinaryBytes = 2 ** 14;

/** The first bytes of a file. */
export async function beginningOf(path: string, count: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(Math.min((await file.stat()).size, count));
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  } finally {
    await file.close();
  }
}

/**
 * All attributes of a DICOM file before Pixel Data, without reading the file further than they go, and without keeping its bytes.
 *
 * @throws Fault `dicom-unreadable`, also for a header of more than 64 MB
 */
export async function readHeader(path: string): Promise<DataSet> {
  for (const step of steps) {
    const bytes = await beginningOf(path, step + 1);
    const whole = bytes.length <= step;
    try {
      const dataSet = headerIn(bytes);
      // Bytes that end between two elements read as well as a whole header does; without their last one they do not.
      if (!whole) headerIn(bytes.subarray(0, step));
      return withoutBulk(dataSet) as DataSet;
    } catch (error) {
      if (whole || !(error instanceof Fault)) throw error;
    }
  }
  throw new Fault(
    'dicom-unreadable',
    `expected the pixels within the first ${steps.at(-1)! / 2 ** 20} MB of the file, found other attributes`,
  );
}

/** How much memory a header takes, roughly, in bytes. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length + 16;
  if (value instanceof Uint8Array) return value.length + 64;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + sizeOf(one), 32);
  if (typeof value === 'object' && value !== null) return Object.values(value).reduce((sum: number, one) => sum + 40 + sizeOf(one), 64);
  return 16;
}

function headerIn(bytes: Uint8Array): DataSet {
  return readPart10(bytes, { untilPixelData: true }).dataSet;
}

/** A copy: values are views of the bytes of the file, so that the whole file would stay in memory. */
function withoutBulk(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(withoutBulk);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => !(one instanceof Uint8Array && one.length > maxBinaryBytes))
      .map(([key, one]) => [key, withoutBulk(one)]),
  );
}
