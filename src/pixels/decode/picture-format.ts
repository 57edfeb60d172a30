/** Formats of picture files by their first bytes. Those that are not read are named, so that nobody takes them for broken DICOM. */
export type PictureFormat = 'PNG' | 'JPEG' | 'TIFF' | 'BMP' | 'GIF' | 'WebP' | 'HEIC' | 'AVIF' | 'JPEG 2000' | 'JPEG XL' | 'SVG' | 'PDF';

const readable: ReadonlySet<PictureFormat> = new Set(['PNG', 'JPEG', 'TIFF', 'BMP', 'GIF', 'WebP', 'AVIF']);
/** Offset and bytes (Latin-1) of each signature. */
const signatures: readonly (readonly [PictureFormat, number, string])[] = [
  ['PNG', 0, '\x89PNG\r\n\x1a\n'],
  ['JPEG', 0, '\xff\xd8\xff'],
  ['TIFF', 0, 'II*\0'],
  ['TIFF', 0, 'MM\0*'],
  ['TIFF', 0, 'II+\0'],
  ['TIFF', 0, 'MM\0+'],
  ['GIF', 0, 'GIF87a'],
  ['GIF', 0, 'GIF89a'],
  ['WebP', 8, 'WEBP'],
  ['JPEG 2000', 4, 'jP  \r\n'],
  ['JPEG 2000', 0, '\xff\x4f\xff\x51'],
  ['JPEG XL', 4, 'JXL \r\n'],
  ['JPEG XL', 0, '\xff\x0a'],
  ['AVIF', 4, 'ftypavi'],
  ['HEIC', 4, 'ftyphei'],
  ['HEIC', 4, 'ftyphev'],
  ['HEIC', 4, 'ftypmif1'],
  ['HEIC', 4, 'ftypmsf1'],
  ['PDF', 0, '%PDF-'],
  ['SVG', 0, '<svg'],
];

/** The format of a picture file, or undefined if it is none that is known here. A DICOM file may begin with any of them in its preamble. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 160)).toString('latin1');
  if (start.slice(128, 132) === 'DICM') return undefined;
  const found = signatures.find(([, offset, text]) => start.startsWith(text, offset))?.[0];
  // Two letters are little: the size of the second header must be one that exists.
  if (
    found === undefined &&
    start.startsWith('BM') &&
    bytes.length > 30 &&
    [12, 40, 52, 56, 64, 108, 124].includes(bytes[14]!) &&
    bytes[15] === 0
  )
    return 'BMP';
  return found;
}

export function isReadablePicture(format: PictureFormat): boolean {
  return readable.has(format);
}
