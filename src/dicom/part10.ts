import { inflateRawSync } from 'node:zlib';
import { Fault } from '../errors.js';
import { textOf } from './data-set.js';
import type { DataSet } from './data-set.js';
import { headerAt, undefinedLength } from './element-header.js';
import { DataSetReader } from './part10-reader.js';
import type { Encoding, StoredPixelData } from './part10-reader.js';
import { transferSyntax } from './transfer-syntax.js';

export type { StoredPixelData } from './part10-reader.js';
export { writePart10 } from './part10-writer.js';

/** One DICOM file (PS3.10 §7). */
export interface Part10File {
  /** File Meta Information; empty for a bare data set. */
  readonly meta: DataSet;
  readonly transferSyntaxUID: string;
  /** All attributes before Pixel Data. */
  readonly dataSet: DataSet;
  readonly pixelData?: StoredPixelData;
}

const uncompressed: ReadonlySet<string> = new Set([
  transferSyntax.implicitLittleEndian,
  transferSyntax.explicitLittleEndian,
  transferSyntax.explicitBigEndian,
]);
const everything = 2 ** 32;
const metaEnd = 0x00030000;
const pixelGroup = 0x7fe00000;
/** What a deflated data set may grow to, so that a deflate bomb cannot fill the memory: 64 MB, or 100 times its size up to 1 GB. */
function maxInflated(deflated: number): number {
  return Math.min(1 << 30, Math.max(64 << 20, 100 * deflated));
}

/**
 * Reads a DICOM file; values are views of the bytes given, so leave those as they are.
 *
 * Tolerated: a missing preamble or meta header, a meta header or a data set in an encoding other than the one declared or
 * prescribed, and what DataSetReader and headerAt tolerate.
 * @param options untilPixelData leaves Pixel Data out
 * @throws Fault dicom-unreadable, with tag and instance as far as known; in time and memory proportional to the file
 */
export function readPart10(given: Uint8Array, options: { readonly untilPixelData?: boolean } = {}): Part10File {
  // A Buffer's slice and buffer are not what a Uint8Array's are; everything behind here sees plain arrays.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.length);
  const { meta, start } = readMeta(bytes);
  const declared = textOf(meta, 'TransferSyntaxUID');
  const instance = textOf(meta, 'MediaStorageSOPInstanceUID');
  const body = declared === transferSyntax.deflatedLittleEndian ? inflate(bytes.subarray(start), instance) : bytes;
  const offset = body === bytes ? start : 0;
  const encoding = encodingAt(body, offset, declared);
  const reader = new DataSetReader(body, offset, encoding, options.untilPixelData ? pixelGroup : everything, instance);
  reader.read();
  return {
    meta,
    transferSyntaxUID: actualSyntax(declared, encoding),
    dataSet: reader.dataSet,
    ...(reader.pixelData ? { pixelData: reader.pixelData } : {}),
  };
}

function readMeta(bytes: Uint8Array): { meta: DataSet; start: number } {
  const start = hasPrefix(bytes) ? 132 : 0;
  // Group 0002 or 0008 in big endian: no group 0200 or 0800 stands first.
  const bigEndian = bytes[start] === 0 && (bytes[start + 1] === 2 || bytes[start + 1] === 8) && bytes[start + 2] === 0;
  const group = bigEndian ? bytes[start + 1]! : (bytes[start] ?? 0) | ((bytes[start + 1] ?? 0) << 8);
  if (group !== 2 && (start === 132 || group !== 8)) {
    if (start === 0)
      throw new Fault(
        'dicom-unreadable',
        isEncrypted(bytes)
          ? 'it is encrypted (CMS envelope, PS3.15 §D), and no key is known here'
          : `no DICOM prefix and no data set at the beginning of ${bytes.length} bytes`,
      );
    return { meta: {}, start };
  }
  if (group === 8) return { meta: {}, start };
  // PS3.10 §7.1 wants explicit little endian; some writers encode the group as what follows.
  const reader = new DataSetReader(bytes, start, { explicit: hasLetters(bytes, start + 4), littleEndian: !bigEndian }, metaEnd);
  reader.read();
  return { meta: reader.dataSet, start: reader.offset };
}

/** A Secure DICOM File is a CMS ContentInfo: a SEQUENCE whose first member is an object identifier of PKCS #7. */
function isEncrypted(bytes: Uint8Array): boolean {
  return bytes[0] === 0x30 && Buffer.from(bytes.subarray(0, 32)).includes(Buffer.from('06092a864886f70d0107', 'hex'));
}

function hasPrefix(bytes: Uint8Array): boolean {
  return bytes.length >= 132 && bytes[128] === 0x44 && bytes[129] === 0x49 && bytes[130] === 0x43 && bytes[131] === 0x4d;
}

/** The encoding that the first elements show, whatever is declared: letters of a VR stand behind an explicit tag. */
function encodingAt(bytes: Uint8Array, offset: number, declared: string | undefined): Encoding {
  // No group above 00FF stands first, so its bytes tell the order; of group 0 only the declaration does.
  const littleEndian = bytes[offset] !== 0 || (bytes[offset + 1] === 0 && declared !== transferSyntax.explicitBigEndian);
  return { explicit: isExplicit(bytes, offset, littleEndian), littleEndian };
}

/** Whether most of the first elements have a VR: a single one may be otherwise. */
function isExplicit(bytes: Uint8Array, offset: number, littleEndian: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let votes = 0;
  for (let at = offset, looked = 0; looked < 5; looked++) {
    const header = headerAt(view, at, bytes.length, { explicit: true, littleEndian });
    if (!header) break;
    votes += hasLetters(bytes, at + 4) ? 1 : -1;
    if (header.length === undefinedLength) break;
    at += header.size + header.length;
  }
  return votes > 0;
}

function hasLetters(bytes: Uint8Array, at: number): boolean {
  const isLetter = (byte = 0): boolean => byte >= 0x41 && byte <= 0x5a;
  return isLetter(bytes[at]) && isLetter(bytes[at + 1]);
}

/** The transfer syntax by which the values are to be read: of an uncompressed data set what its bytes show, whatever is declared. */
function actualSyntax(declared: string | undefined, { explicit, littleEndian }: Encoding): string {
  if (declared !== undefined && !uncompressed.has(declared)) return declared;
  if (!littleEndian) return transferSyntax.explicitBigEndian;
  if (declared !== undefined && declared !== transferSyntax.explicitBigEndian) return declared;
  return explicit ? transferSyntax.explicitLittleEndian : transferSyntax.implicitLittleEndian;
}

function inflate(bytes: Uint8Array, instance: string | undefined): Uint8Array {
  try {
    return new Uint8Array(inflateRawSync(bytes, { maxOutputLength: maxInflated(bytes.length) }));
  } catch (cause) {
    throw new Fault(
      'dicom-unreadable',
      `the deflated data set cannot be inflated (${cause instanceof Error ? cause.message : String(cause)})`,
      { attribute: 'TransferSyntaxUID (0002,0010)', ...(instance ? { sopInstanceUID: instance } : {}) },
      { cause },
    );
  }
}
