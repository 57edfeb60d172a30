import type { ChosenFile } from './chosen-files.js';

/** CRC-32 of ISO 3309, as ZIP stores it. */
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A ZIP file (PKWARE APPNOTE 6.3.10) of uncompressed members 0.dcm, 1.dcm, …; less than 4 GB. Members are read one at a time. */
export async function zipOfFiles(name: string, members: readonly ChosenFile[]): Promise<File> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let offset = 0;
  let directoryBytes = 0;
  for (const [index, { file }] of members.entries()) {
    const member = new TextEncoder().encode(`${index}.dcm`);
    const fields = { crc: crc32(new Uint8Array(await file.arrayBuffer())), size: file.size, nameLength: member.length };
    const local = header(0x04034b50, fields);
    const central = header(0x02014b50, fields, offset);
    parts.push(local, member, file);
    directory.push(central, member);
    offset += local.byteLength + member.length + file.size;
    directoryBytes += central.byteLength + member.length;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, members.length, true);
  end.setUint16(10, members.length, true);
  end.setUint32(12, directoryBytes, true);
  end.setUint32(16, offset, true);
  return new File([...parts, ...directory, end], name, { type: 'application/zip' });
}

interface Fields {
  readonly crc: number;
  readonly size: number;
  readonly nameLength: number;
}

/** @param offset of the local header; only the header in the directory has it */
function header(signature: number, { crc, size, nameLength }: Fields, offset?: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(offset === undefined ? 30 : 46));
  view.setUint32(0, signature, true);
  // The header in the directory begins with one more field, the version that made it.
  const shift = offset === undefined ? 4 : 6;
  if (offset !== undefined) view.setUint16(4, 20, true);
  view.setUint16(shift, 20, true);
  // 1 January 1980, the earliest date: the time of the upload says nothing about the files
  view.setUint16(shift + 8, 0x21, true);
  view.setUint32(shift + 10, crc, true);
  view.setUint32(shift + 14, size, true);
  view.setUint32(shift + 18, size, true);
  view.setUint16(shift + 22, nameLength, true);
  if (offset !== undefined) view.setUint32(42, offset, true);
  return view;
}
