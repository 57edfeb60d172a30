/** What a compressed frame says of itself, read before any memory is given to a decoder. */
export interface CodestreamHeader {
  readonly kind: 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly precision: number;
  /** Adobe's colour transform (APP14), if stated: 0 none, 1 YCbCr. */
  readonly adobeTransform?: number;
  /** It begins as a JFIF file. */
  readonly jfif?: boolean;
  /** Identifiers of three JPEG components, as letters. */
  readonly letters?: string;
  /** Not every JPEG component has the full resolution. */
  readonly subsampled?: boolean;
}

/** @throws Error if the bytes are no JPEG, JPEG-LS or JPEG 2000 codestream or end inside the header */
export function codestreamHeader(bytes: Uint8Array): CodestreamHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12) throw new Error(`a codestream of ${bytes.length} bytes`);
  if (view.getUint16(0) === 0xffd8) return jpegHeader(view);
  const start = jpeg2000Start(bytes, view);
  if (start < 0 || start + 42 > bytes.length) throw new Error('no JPEG, JPEG-LS or JPEG 2000 codestream');
  // SIZ (ISO/IEC 15444-1 §A.5.1).
  return {
    kind: 'jpeg-2000',
    columns: view.getUint32(start + 8) - view.getUint32(start + 16),
    rows: view.getUint32(start + 12) - view.getUint32(start + 20),
    components: view.getUint16(start + 40),
    precision: (view.getUint8(start + 42) & 0x7f) + 1,
  };
}

/** Offset of SOC: at once, or inside the jp2c box of a JP2 file, which DICOM forbids and some writers leave. */
export function jpeg2000Start(bytes: Uint8Array, view: DataView): number {
  if (view.getUint32(0) === 0xff4fff51) return 0;
  for (let at = 0, boxes = 0; at + 8 <= bytes.length && boxes < 100; boxes++) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x6a703263) return at + 12 <= bytes.length && view.getUint32(at + 8) === 0xff4fff51 ? at + 8 : -1;
    if (length < 8) return -1;
    at += length;
  }
  return -1;
}

function componentsAt(view: DataView, at: number, end: number): Pick<CodestreamHeader, 'components' | 'letters' | 'subsampled'> {
  const components = view.getUint8(at);
  if (components !== 3 || at + 10 > end) return { components };
  const places = [at + 1, at + 4, at + 7];
  return {
    components,
    letters: String.fromCharCode(...places.map((place) => view.getUint8(place))),
    subsampled: new Set(places.map((place) => view.getUint8(place + 1))).size > 1,
  };
}

/** Walks the marker segments up to the frame header (ISO/IEC 10918-1 §B.2, 14495-1 §C.2). */
function jpegHeader(view: DataView): CodestreamHeader {
  let adobeTransform: number | undefined;
  let jfif = false;
  for (let at = 2; at + 4 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) throw new Error(`no JPEG marker at byte ${at}`);
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > view.byteLength) throw new Error('a JPEG segment is cut off');
    if (marker === 0xee && length >= 14 && view.getUint32(at + 4) === 0x41646f62) adobeTransform = view.getUint8(at + 15);
    if (marker === 0xe0 && length >= 7 && view.getUint32(at + 4) === 0x4a464946) jfif = true;
    const frame = marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
    if (frame) {
      if (length < 8) throw new Error('the JPEG frame header is cut off');
      return {
        kind: marker === 0xf7 ? 'jpeg-ls' : marker === 0xc3 ? 'jpeg-lossless' : 'jpeg',
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        ...componentsAt(view, at + 9, at + 2 + length),
        jfif,
        ...(adobeTransform === undefined ? {} : { adobeTransform }),
      };
    }
    if (marker === 0xda || marker === 0xd9) break;
    at += 2 + length;
  }
  throw new Error('a JPEG codestream without frame header');
}
