import dcmjs from 'dcmjs';
import { Fault } from '../errors.js';
import { textOf } from './data-set.js';
import type { DataSet } from './data-set.js';
import { attributeOfKey, tagDigits } from './dictionary.js';
import type { StoredPixelData } from './part10-reader.js';
import { transferSyntax } from './transfer-syntax.js';
import { derivedUid } from './uid.js';

/** Identify the software that wrote a file (PS3.10 §7.1, PS3.7 §D.3.3.2). */
const implementationClassUID = derivedUid('orthanc-chest-ai', 'implementation');
const implementationVersionName = 'CHESTAI';

/** Real documents nest less than ten deep; it also ends an object that holds itself. */
const deepest = 64;

type Written = Record<string, { vr: string; Value: unknown[] }>;

// dcmjs prints values it dislikes; they may be a patient's.
dcmjs.log.setLevel('silent');

/**
 * A DICOM file (PS3.10 §7) of a data set under PS3.6 keywords; the same data set always gives the same bytes.
 * Text is written as UTF-8 and Specific Character Set set to ISO_IR 192, whatever the data set says.
 * A value is written as it is even where it is longer than its VR allows: what was copied from an image is not cut.
 *
 * @throws Fault document-invalid for an unknown keyword or a value that its VR cannot hold
 */
export function writePart10(dataSet: DataSet, transferSyntaxUID: string = transferSyntax.explicitLittleEndian): Uint8Array {
  if (transferSyntaxUID !== transferSyntax.explicitLittleEndian && transferSyntaxUID !== transferSyntax.implicitLittleEndian) {
    throw new Fault('document-invalid', `documents are written in little endian without compression, not in ${transferSyntaxUID}`);
  }
  return writtenFile(dataSet, transferSyntaxUID);
}

/**
 * A DICOM file with pixel data as it was stored, compressed or not; `dataSet` is everything but Pixel Data. What was stored in big
 * endian or deflated is written in explicit little endian.
 *
 * @throws Fault document-invalid as writePart10, and for words in big endian of more than 16 bits
 */
export function writePart10Image(dataSet: DataSet, pixelData: StoredPixelData | undefined, transferSyntaxUID: string): Uint8Array {
  if (!pixelData) return writePart10(dataSet);
  if (pixelData.kind === 'native') {
    const bytes = transferSyntaxUID === transferSyntax.explicitBigEndian ? swapped(pixelData.bytes, dataSet) : pixelData.bytes;
    return writePart10({ ...dataSet, PixelData: bytes });
  }
  // PS3.5 §A.4: explicit little endian, then Pixel Data of undefined length, its first item the offset table.
  const items = [pixelData.offsetTable, ...pixelData.fragments].flatMap((bytes) => {
    const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(0)]);
    return [element(0xfffe, 0xe000, padded.length), padded];
  });
  const start = Buffer.concat([Buffer.of(0xe0, 0x7f, 0x10, 0x00), Buffer.from('OB'), Buffer.of(0, 0, 0xff, 0xff, 0xff, 0xff)]);
  return new Uint8Array(Buffer.concat([writtenFile(dataSet, transferSyntaxUID), start, ...items, element(0xfffe, 0xe0dd, 0)]));
}

/** Tag and length of an item. */
function element(group: number, number: number, length: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(length, 4);
  return header;
}

function swapped(bytes: Uint8Array, dataSet: DataSet): Uint8Array {
  const bits = Number(dataSet['BitsAllocated'] ?? 16);
  if (bits <= 8) return bytes;
  if (bits > 16) throw new Fault('document-invalid', `expected pixels of at most 16 bits in big endian, found ${bits}`);
  return new Uint8Array(Buffer.from(bytes).swap16());
}

function writtenFile(dataSet: DataSet, transferSyntaxUID: string): Uint8Array {
  const dict = new dcmjs.data.DicomDict(
    denaturalize(
      {
        FileMetaInformationVersion: Uint8Array.of(0, 1),
        MediaStorageSOPClassUID: textOf(dataSet, 'SOPClassUID') ?? '',
        MediaStorageSOPInstanceUID: textOf(dataSet, 'SOPInstanceUID') ?? '',
        TransferSyntaxUID: transferSyntaxUID,
        ImplementationClassUID: implementationClassUID,
        ImplementationVersionName: implementationVersionName,
      },
      false,
    ),
  );
  dict.dict = denaturalize({ ...dataSet, SpecificCharacterSet: 'ISO_IR 192' }, dataSet['PixelRepresentation'] === 1);
  return new Uint8Array(dict.write({ allowInvalidVRLength: true }));
}

/**
 * dcmjs has a function for this; it cuts long values, logs them, and takes no choice between US and SS.
 * @param signedPixels Pixel Representation: US or SS where PS3.6 leaves it open
 */
function denaturalize(dataSet: DataSet, signedPixels: boolean, depth = 0): Written {
  const written: Written = {};
  for (const [key, value] of Object.entries(dataSet)) {
    if (value === undefined) continue;
    const attribute = attributeOfKey(key);
    if (!attribute) throw new Fault('document-invalid', 'an attribute is not in PS3.6', { attribute: key });
    if (depth > deepest) throw new Fault('document-invalid', `sequences nested more than ${deepest} deep`, { attribute: key });
    const vr = writtenVr(attribute.vr, dataSet, signedPixels);
    const values = value === null || value === '' ? [] : Array.isArray(value) ? value : [value];
    written[tagDigits(attribute.tag)] = { vr, Value: values.map((one) => writtenValue(key, vr, one, signedPixels, depth)) };
  }
  return written;
}

function writtenVr(vr: string, dataSet: DataSet, signedPixels: boolean): string {
  if (vr === 'xs') return signedPixels ? 'SS' : 'US';
  if (vr === 'ox') return Number(dataSet['BitsAllocated'] ?? 16) > 8 ? 'OW' : 'OB';
  return vr === 'lt' ? 'OW' : vr;
}

function writtenValue(key: string, vr: string, value: unknown, signedPixels: boolean, depth: number): unknown {
  if (vr === 'SQ') {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
      throw new Fault('document-invalid', 'a sequence holds something that is no item', { attribute: key });
    return denaturalize(value as DataSet, signedPixels, depth + 1);
  }
  if (ArrayBuffer.isView(value)) return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
  if (vr === 'AT' && typeof value === 'string') return parseInt(value, 16);
  if (vr === 'DS' && typeof value === 'number') return decimalString(value);
  if (typeof value === 'number' && (vr === 'IS' || !/^([USFOA][A-Z])$/.test(vr))) return String(value);
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new Fault('document-invalid', `a value of VR ${vr} cannot be ${value === null ? 'null' : typeof value}`, { attribute: key });
}

/** The decimal string nearest to a number that fits in 16 characters (PS3.5 §6.2). */
export function decimalString(value: number): string {
  if (!Number.isFinite(value)) throw new Fault('document-invalid', 'a decimal string must be a finite number');
  const plain = String(value);
  if (plain.length <= 16) return plain;
  for (let digits = 15; digits > 0; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return value.toExponential(8);
}
