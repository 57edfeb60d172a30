/** Pixels of a Windows bitmap: 8 bits a sample, RGB, row by row from the top. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array;
}

/** 0 uncompressed, 3 and 6 with masks. */
const uncompressed = new Set([0, 3, 6]);
const maxPixels = 100e6;

/**
 * A Windows bitmap without compression, of 1, 4, 8, 16, 24 or 32 bits a pixel, with palette or masks; libvips as sharp ships it reads
 * none.
 * @throws Error for another kind, and where the file ends too early
 */
export function readBitmap(bytes: Uint8Array): Bitmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const old = view.getUint32(14, true) === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = old ? view.getInt16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? 0 : view.getUint32(30, true);
  const height = Math.abs(signedHeight);
  if (!uncompressed.has(compression)) throw new Error(`a compressed bitmap (kind ${compression})`);
  if (width < 1 || height < 1 || width * height > maxPixels || ![1, 4, 8, 16, 24, 32].includes(bits))
    throw new Error(`a bitmap of ${width} × ${height} pixels of ${bits} bits`);
  const start = view.getUint32(10, true);
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (start + rowBytes * height > bytes.length) throw new Error('the bitmap ends too early');
  const colour = bits <= 8 ? paletteOf(view, bits, old) : masksOf(view, bits, compression);
  const samples = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    // Rows stand from the bottom up unless the height is negative.
    const row = start + rowBytes * (signedHeight < 0 ? y : height - 1 - y);
    for (let x = 0; x < width; x++) samples.set(colour(pixelAt(view, row, x, bits)), (y * width + x) * 3);
  }
  return { width, height, samples };
}

type Colour = (pixel: number) => readonly [red: number, green: number, blue: number];

function pixelAt(view: DataView, row: number, x: number, bits: number): number {
  if (bits === 32) return view.getUint32(row + 4 * x, true);
  if (bits === 24) return view.getUint16(row + 3 * x, true) + view.getUint8(row + 3 * x + 2) * 65536;
  if (bits === 16) return view.getUint16(row + 2 * x, true);
  const perByte = 8 / bits;
  return (view.getUint8(row + Math.floor(x / perByte)) >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
}

function paletteOf(view: DataView, bits: number, old: boolean): Colour {
  const start = 14 + view.getUint32(14, true);
  const size = old ? 3 : 4;
  const stated = old ? 0 : view.getUint32(46, true);
  const count = Math.min(stated || 2 ** bits, 2 ** bits, Math.floor((view.byteLength - start) / size));
  return (pixel) => {
    const at = start + size * Math.min(pixel, count - 1);
    return [view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at)];
  };
}

function masksOf(view: DataView, bits: number, compression: number): Colour {
  const masks =
    compression === 0
      ? bits === 16
        ? [0x7c00, 0x03e0, 0x001f]
        : [0xff0000, 0x00ff00, 0x0000ff]
      : [54, 58, 62].map((at) => view.getUint32(at, true));
  const parts = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const max = mask >>> shift || 1;
    return (pixel: number): number => Math.round((((pixel & mask) >>> shift) / max) * 255);
  });
  return (pixel) => [parts[0]!(pixel), parts[1]!(pixel), parts[2]!(pixel)];
}
