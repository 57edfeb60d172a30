import { Fault } from '../../errors.js';
import type { DataSet } from '../../dicom/data-set.js';
import type { StoredPixelData } from '../../dicom/part10.js';

type Encapsulated = Extract<StoredPixelData, { kind: 'encapsulated' }>;

/**
 * The compressed frames of encapsulated Pixel Data (PS3.5 §A.4), one byte string a frame.
 *
 * One fragment a frame needs no table. Otherwise the basic or extended offset table counts if it points to fragments;
 * real ones are often empty or wrong, and then a frame begins where a fragment begins with a codestream's start marker.
 * Where fragments do not keep to frames at all, all of them are joined and cut behind each end of a codestream.
 * @throws Fault pixels-unreadable if the fragments cannot be divided into `numberOfFrames`
 */
export function encapsulatedFrames(pixelData: Encapsulated, numberOfFrames: number, dataSet: DataSet): readonly Uint8Array[] {
  // Empty fragments at the end are padding.
  let last = pixelData.fragments.length;
  while (last > 0 && pixelData.fragments[last - 1]!.length === 0) last--;
  const fragments = pixelData.fragments.slice(0, last);
  if (fragments.length === 0) throw fault('it holds no fragment');
  if (numberOfFrames === 1) return [joined(fragments)];
  if (fragments.length === numberOfFrames) return fragments;
  const starts = startsFromTables(pixelData, fragments, numberOfFrames, dataSet) ?? startsFromMarkers(fragments);
  if (starts.length !== numberOfFrames) {
    const codestreams = cutAtEnds(joined(fragments), numberOfFrames);
    if (codestreams.length === numberOfFrames) return codestreams;
    throw fault(`${fragments.length} fragments cannot be divided into ${numberOfFrames} frames`);
  }
  return starts.map((start, frame) => joined(fragments.slice(start, starts[frame + 1] ?? fragments.length)));
}

/** Indices of the fragments that frames begin with, or undefined if no table says so in a believable way. */
function startsFromTables(
  pixelData: Encapsulated,
  fragments: readonly Uint8Array[],
  numberOfFrames: number,
  dataSet: DataSet,
): readonly number[] | undefined {
  const indexOfOffset = new Map<number, number>();
  let offset = 0;
  fragments.forEach((fragment, index) => {
    indexOfOffset.set(offset, index);
    offset += 8 + fragment.length;
  });
  for (const offsets of [offsetsOf(pixelData.offsetTable, 4), offsetsOf(dataSet['ExtendedOffsetTable'], 8)]) {
    if (offsets.length !== numberOfFrames) continue;
    const starts = offsets.map((one) => indexOfOffset.get(one));
    if (starts.every((start, i): start is number => start !== undefined && (i === 0 ? start === 0 : start > (starts[i - 1] ?? Infinity))))
      return starts;
  }
  return undefined;
}

function offsetsOf(table: unknown, size: 4 | 8): readonly number[] {
  if (!(table instanceof Uint8Array)) return [];
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: Math.floor(table.length / size) }, (_, i) =>
    size === 4 ? view.getUint32(i * 4, true) : Number(view.getBigUint64(i * 8, true)),
  );
}

/** SOI of JPEG and JPEG-LS, SOC of JPEG 2000, or the box that a JP2 file begins with. */
function startsFromMarkers(fragments: readonly Uint8Array[]): readonly number[] {
  const begins = (bytes: Uint8Array): boolean =>
    (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) ||
    (bytes[0] === 0xff && bytes[1] === 0x4f && bytes[2] === 0xff) ||
    (bytes[4] === 0x6a && bytes[5] === 0x50 && bytes[6] === 0x20 && bytes[7] === 0x20);
  return fragments.flatMap((fragment, index) => (begins(fragment) ? [index] : []));
}

/**
 * A codestream of the JPEG family ends with FF D9 (EOI, EOC), which coded data cannot hold; perhaps zeros for an even length
 * follow, then the next one's start marker. RLE has no such end.
 */
function cutAtEnds(bytes: Uint8Array, atMost: number): readonly Uint8Array[] {
  const codestreams: Uint8Array[] = [];
  let start = 0;
  for (let at = bytes.indexOf(0xff); at >= 0 && codestreams.length <= atMost; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] !== 0xd9) continue;
    let next = at + 2;
    while (bytes[next] === 0) next++;
    const another = bytes[next] === 0xff && (bytes[next + 1] === 0xd8 || bytes[next + 1] === 0x4f) && bytes[next + 2] === 0xff;
    if (next < bytes.length && !another) continue;
    codestreams.push(bytes.subarray(start, next));
    start = next;
  }
  return start > 0 && start === bytes.length ? codestreams : [];
}

function joined(fragments: readonly Uint8Array[]): Uint8Array {
  return fragments.length === 1 ? fragments[0]! : new Uint8Array(Buffer.concat(fragments));
}

function fault(detail: string): Fault {
  return new Fault('pixels-unreadable', detail, { attribute: 'PixelData (7FE0,0010)' });
}
