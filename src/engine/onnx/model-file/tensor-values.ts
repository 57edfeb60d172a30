import { readElements, type ElementType } from '../../../network/element-type.js';
import type { OnnxTensor } from './onnx-file.js';

/** Element types with a fractional part, by `TensorProto.DataType`. */
const fractional: Readonly<Record<number, ElementType>> = { 1: 'F32', 10: 'F16', 11: 'F64', 16: 'BF16' };
/** Bytes of an element, by `TensorProto.DataType`; absent for text. */
const elementBytes: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
};

/** The values of a tensor of floats as float32; undefined for other elements and where they are not stored in the file itself. */
export function floatValues({ type, raw, floats, integers, dims }: OnnxTensor): Float32Array | undefined {
  const element = fractional[type];
  if (element === undefined) return undefined;
  const count = dims.reduce((product, size) => product * size, 1);
  const values =
    floats ??
    (raw ? readElements(raw, element) : undefined) ??
    (integers ? readElements(new Uint8Array(Uint16Array.from(integers).buffer), element === 'BF16' ? 'BF16' : 'F16') : undefined);
  return values?.length === count ? values : undefined;
}

/** The values of a tensor of int32 or int64. */
export function integerValues({ type, raw, integers }: OnnxTensor): readonly number[] | undefined {
  if (integers) return integers;
  if (!raw) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === 7) return Array.from({ length: raw.length >> 3 }, (_, index) => Number(view.getBigInt64(index * 8, true)));
  if (type === 6) return Array.from({ length: raw.length >> 2 }, (_, index) => view.getInt32(index * 4, true));
  return undefined;
}

/** What is wrong with a tensor as the file stores it, in a clause; undefined if nothing is. */
export function tensorMistake(tensor: OnnxTensor): string | undefined {
  const { dims, type, raw } = tensor;
  if (dims.some((size) => !Number.isSafeInteger(size) || size < 0)) return `has the impossible shape [${dims.join(', ')}]`;
  const size = elementBytes[type];
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (raw && size !== undefined && raw.length !== count * size)
    return `has ${raw.length} bytes; its shape [${dims.join(', ')}] needs ${count * size}`;
  const values = floatValues(tensor);
  const wrong = values?.findIndex(Number.isNaN) ?? -1;
  return wrong < 0 ? undefined : `contains NaN at element ${wrong}`;
}
