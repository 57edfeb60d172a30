import { Fault } from '../errors.js';
import { textDecoderFor } from './character-set.js';
import type { DataSet } from './data-set.js';
import { attributeOfTag } from './dictionary.js';
import { isBytesVr } from './element-header.js';
import { DataSetReader } from './part10-reader.js';
import { numberOrText, valueOf as valueFromBytes } from './value.js';

/** Bytes that a DICOMweb answer leaves at an address of their own (PS3.18 §F.2.6). */
export interface BulkDataReference {
  readonly bulkDataURI: string;
}

/** Deeper answers are not from a PACS; it also ends an object that holds itself. */
const deepest = 64;

/**
 * One data set of the DICOM JSON model (PS3.18 §F.2), as QIDO-RS and WADO-RS metadata give it.
 * Attributes without a keyword keep their tag as key. InlineBinary becomes bytes, BulkDataURI a reference.
 * @throws Fault dicom-unreadable with the tag at fault
 */
export function fromDicomJson(object: unknown): DataSet {
  return dataSetAt(object, 0, '');
}

function dataSetAt(object: unknown, depth: number, parent: string): DataSet {
  if (!isRecord(object)) throw fault('a data set was expected', parent);
  if (depth > deepest) throw fault(`sequences nested more than ${deepest} deep`, parent);
  const dataSet: Record<string, unknown> = {};
  for (const [key, element] of Object.entries(object)) {
    if (!/^[0-9A-Fa-f]{8}$/.test(key)) continue;
    const tag = key.toUpperCase();
    if (!isRecord(element)) throw fault('an element was expected', tag);
    dataSet[attributeOfTag(parseInt(tag, 16))?.keyword ?? tag] = valueOf(element, depth, tag);
  }
  return dataSet;
}

function valueOf(element: Record<string, unknown>, depth: number, tag: string): unknown {
  const { vr, Value: values, InlineBinary: inline, BulkDataURI: bulkDataURI } = element;
  if (typeof bulkDataURI === 'string') return { bulkDataURI } satisfies BulkDataReference;
  if (typeof inline === 'string') return binaryValue(new Uint8Array(Buffer.from(inline, 'base64')), vr, tag);
  if (values === undefined || values === null) return vr === 'SQ' ? [] : '';
  if (!Array.isArray(values)) throw fault('Value is not an array', tag);
  if (vr === 'SQ') return values.map((item) => (item === null ? {} : dataSetAt(item, depth + 1, tag)));
  const plain = values.map((value) => plainValue(value, vr, tag));
  return plain.length === 0 ? '' : plain.length === 1 ? plain[0] : plain;
}

/** Bytes of VR UN whose attribute is known are its value in implicit little endian (PS3.5 §6.2.2), also a sequence. */
function binaryValue(bytes: Uint8Array, vr: unknown, tag: string): unknown {
  const known = vr === 'UN' ? attributeOfTag(parseInt(tag, 16)) : undefined;
  if (!known || isBytesVr(known.vr)) return bytes;
  if (known.vr === 'SQ') return itemsIn(bytes);
  return valueFromBytes(known.vr, bytes, { littleEndian: true, decodeText: textDecoderFor([]), signedPixels: false });
}

/** Bytes that are no sequence stay bytes: what reads the file itself says more of them. */
function itemsIn(bytes: Uint8Array): unknown {
  try {
    return new DataSetReader(bytes, 0, { explicit: false, littleEndian: true }, Infinity).readItems();
  } catch (thrown) {
    if (thrown instanceof Fault) return bytes;
    throw thrown;
  }
}

function plainValue(value: unknown, vr: unknown, tag: string): string | number {
  if (value === null || value === undefined) return '';
  if (vr === 'PN') return typeof value === 'string' ? value : personName(value);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') throw fault(`a value is ${typeof value}`, tag);
  // NUL is in no legal value, and PostgreSQL keeps no text that holds one.
  const text = value.includes('\0') ? value.replaceAll('\0', '') : value;
  return vr === 'DS' || vr === 'IS' ? numberOrText(text) : text;
}

/** The DICOM string of a person's name: component groups joined by "=" (PS3.5 §6.2.1.1). */
function personName(value: unknown): string {
  if (!isRecord(value)) return '';
  const groups = [value['Alphabetic'], value['Ideographic'], value['Phonetic']].map((group) => (typeof group === 'string' ? group : ''));
  return groups.join('=').replace(/=+$/, '');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(detail: string, tag: string): Fault {
  return new Fault('dicom-unreadable', `DICOM JSON: ${detail}`, tag ? { attribute: `(${tag.slice(0, 4)},${tag.slice(4)})` } : {});
}
