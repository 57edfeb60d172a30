import { readPart10 } from '../../src/dicom/part10.js';

/**
 * A file in explicit VR, little endian, in which attributes are missing, as in de-identified files. Their elements (of UIDs: short VRs with a
 * length of 16 bits) are cut out of the bytes.
 */
export function withoutAttributes(file: Uint8Array, keywords: readonly string[]): Uint8Array {
  const { dataSet } = readPart10(file, { untilPixelData: true });
  let bytes = Buffer.from(file);
  for (const keyword of keywords) {
    const tag = tags[keyword]!;
    const head = Buffer.from([(tag >>> 16) & 0xff, tag >>> 24, tag & 0xff, (tag >>> 8) & 0xff, ...Buffer.from('UI')]);
    // the meta header names Media Storage SOP Class and Instance under tags of its own
    const at = bytes.indexOf(head);
    if (at < 0 || dataSet[keyword] === undefined) throw new Error(`${keyword} is not in the file`);
    bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 8 + bytes.readUInt16LE(at + 6))]);
  }
  return bytes;
}

const tags: Readonly<Record<string, number>> = {
  SOPClassUID: 0x00080016,
  SOPInstanceUID: 0x00080018,
  StudyInstanceUID: 0x0020000d,
  SeriesInstanceUID: 0x0020000e,
};
