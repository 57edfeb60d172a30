/** Bytes of each element type that is read from published weights; all become float32. */
export const elementTypes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;

export type ElementType = keyof typeof elementTypes;

/**
 * Little-endian elements as float32 (a copy: the source may be unaligned, and is a whole file otherwise kept alive).
 *
 * F64, I64 and I32 are rounded to the nearest float32; the others are exact.
 */
export function readElements(bytes: Uint8Array, type: ElementType): Float32Array {
  const size = elementTypes[type];
  const values = new Float32Array(bytes.length / size);
  if (type === 'F32') {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'F16') {
    halfValues ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToNumber(bits));
    for (let index = 0; index < values.length; index++) values[index] = halfValues[view.getUint16(index * 2, true)]!;
    return values;
  }
  for (let index = 0; index < values.length; index++) values[index] = readers[type](view, index * size);
  return values;
}

const readers: Readonly<Record<Exclude<ElementType, 'F32' | 'F16'>, (view: DataView, offset: number) => number>> = {
  F64: (view, offset) => view.getFloat64(offset, true),
  I64: (view, offset) => Number(view.getBigInt64(offset, true)),
  I32: (view, offset) => view.getInt32(offset, true),
  I16: (view, offset) => view.getInt16(offset, true),
  I8: (view, offset) => view.getInt8(offset),
  U8: (view, offset) => view.getUint8(offset),
  BOOL: (view, offset) => view.getUint8(offset),
  BF16: (view, offset) => {
    // a bfloat16 is the upper half of a float32
    scratch.setUint32(0, view.getUint16(offset, true) << 16);
    return scratch.getFloat32(0);
  },
};

const scratch = new DataView(new ArrayBuffer(4));

/** Of every binary16, by its bits: weights are millions of them. */
let halfValues: Float32Array | undefined;

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** By a plain loop: a function called for each of millions of weights is felt at the start. @returns its index, or undefined if all are finite */
export function firstNotFinite(values: Float32Array): number | undefined {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index]!)) return index;
  return undefined;
}

/** Whether a value is within the range of IEEE 754 binary16. */
export function isWithinHalf(value: number): boolean {
  return Math.abs(value) <= 65504;
}

/** Little-endian bytes; F16 rounded to the nearest, ties to even. */
export function writeElements(values: Float32Array, type: 'F32' | 'F16'): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) halves[index] = numberToHalf(values[index]!);
  return new Uint8Array(halves.buffer);
}

function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // subnormal: whole multiples of 2⁻²⁴; a value that rounds up to 2⁻¹⁴ gets the right bits
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // log2 may be one off at a power of two
  const power = size >= 2 ** (exponent + 1) ? exponent + 1 : size < 2 ** exponent ? exponent - 1 : exponent;
  // a fraction that rounds up to 1024 carries into the exponent
  return sign | (((power + 15) << 10) + roundToEven((size / 2 ** power - 1) * 1024));
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
