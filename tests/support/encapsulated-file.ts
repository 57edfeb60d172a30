import type { DataSet } from '../../src/dicom/data-set.js';
import { writePart10 } from '../../src/dicom/part10.js';
import { transferSyntax } from '../../src/dicom/transfer-syntax.js';

/** A DICOM file with encapsulated Pixel Data (PS3.5 §A.4), which the product itself never writes. */
export function encapsulatedFile(
  dataSet: DataSet,
  transferSyntaxUID: string,
  fragments: readonly Uint8Array[],
  offsetTable: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const plain = Buffer.from(writePart10({ ...dataSet, PixelData: undefined }));
  const written = `${transferSyntax.explicitLittleEndian}\0`;
  const at = plain.indexOf(written, 0, 'latin1');
  const uid = transferSyntaxUID.length % 2 === 0 ? transferSyntaxUID : `${transferSyntaxUID}\0`;
  // The longer UID lengthens its element and the group.
  plain.writeUInt16LE(uid.length, at - 2);
  plain.writeUInt32LE(plain.readUInt32LE(140) + uid.length - written.length, 140);
  return Buffer.concat([
    plain.subarray(0, at),
    Buffer.from(uid, 'latin1'),
    plain.subarray(at + written.length),
    Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff),
    ...[offsetTable, ...fragments].flatMap((fragment) => [
      itemHeader(0xe000, fragment.length + (fragment.length % 2)),
      fragment,
      new Uint8Array(fragment.length % 2),
    ]),
    itemHeader(0xe0dd, 0),
  ]);
}

function itemHeader(element: number, length: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(0xfffe, 0);
  header.writeUInt16LE(element, 2);
  header.writeUInt32LE(length, 4);
  return header;
}
