import { Fault } from '../errors.js';
import { elementTypes, firstNotFinite, isWithinHalf, readElements, writeElements, type ElementType } from './element-type.js';

/** A tensor in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Tensors by name. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** As the reference implementation (`MAX_HEADER_SIZE` in safetensors/src/tensor.rs). */
const maxHeaderBytes = 100_000_000;

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Byte range within the data section. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors#format): eight bytes little-endian
 * header length, a JSON header, then the data, which the tensors must cover without gap or overlap.
 *
 * Every element type that is read (F32, F64, F16, BF16, I64) becomes float32.
 *
 * @param source named in the error, for example the file's name
 * @throws Fault 'model-invalid' for anything that is not exactly such a file, and for values that are not finite
 */
export function readSafetensors(bytes: Uint8Array, source = 'weights'): Tensors {
  const fail = (detail: string): never => {
    throw new Fault('model-invalid', detail, { source });
  };
  if (bytes.length < 8) return fail(`expected a safetensors file of at least 8 bytes, found ${bytes.length}`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (headerLength > maxHeaderBytes) return fail(`expected a header of at most ${maxHeaderBytes} bytes, found a length of ${headerLength}`);
  const headerBytes = Number(headerLength);
  if (8 + headerBytes > bytes.length)
    return fail(`truncated: expected a header of ${headerBytes} bytes, found ${bytes.length - 8} bytes after its length`);
  const data = bytes.subarray(8 + headerBytes);
  const entries = parseHeader(bytes.subarray(8, 8 + headerBytes), fail).sort(
    (one, other) => one.begin - other.begin || one.end - other.end,
  );
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered)
      return fail(`tensor ${name}: expected its data at offset ${covered}, found ${begin} (${begin < covered ? 'overlap' : 'gap'})`);
    covered = end;
  }
  if (covered !== data.length)
    return fail(`${covered > data.length ? 'truncated' : 'trailing bytes'}: expected ${covered} bytes of data, found ${data.length}`);
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, begin, end } of entries) {
    const values = readElements(data.subarray(begin, end), type);
    const wrong = firstNotFinite(values);
    if (wrong !== undefined) fail(`tensor ${name}: expected finite values, found ${values[wrong]} at element ${wrong}`);
    tensors.set(name, { shape, data: values });
  }
  return tensors;
}

function parseHeader(bytes: Uint8Array, fail: (detail: string) => never): Entry[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return fail(`expected a JSON header, found something else (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return fail('expected the header to be a JSON object');
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, fail));
}

function parseEntry(name: string, value: unknown, fail: (detail: string) => never): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementTypes, dtype))
    return fail(`tensor ${name}: expected a dtype of ${Object.keys(elementTypes).join(', ')}, found ${String(dtype)}`);
  const type = dtype as ElementType;
  if (!isSizes(shape)) return fail(`tensor ${name}: expected a shape of whole numbers, found ${JSON.stringify(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) return fail(`tensor ${name}: expected two data offsets, found ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  const expected = shape.reduce((product, size) => product * size, 1) * elementTypes[type];
  if (end - begin !== expected)
    return fail(`tensor ${name}: expected ${expected} bytes for shape [${shape.join(', ')}] of ${type}, found ${end - begin}`);
  return { name, type, shape, begin, end };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/**
 * The tensors as a safetensors file, sorted by name: equal tensors give equal bytes.
 *
 * @param halfPrecision half the size: tensors of two dimensions or more are rounded to F16, wide types first as the reference
 * implementation orders them. Biases and the statistics of batch norms, which span many magnitudes, remain F32, as does a tensor with a
 * value beyond ±65,504.
 */
export function writeSafetensors(tensors: Tensors, { halfPrecision = false }: { readonly halfPrecision?: boolean } = {}): Uint8Array {
  const sorted = [...tensors]
    .map(([name, { shape, data }]) => {
      const type: 'F32' | 'F16' = halfPrecision && shape.length > 1 && data.every(isWithinHalf) ? 'F16' : 'F32';
      return { name, shape, type, bytes: writeElements(data, type) };
    })
    .sort((one, other) => elementTypes[other.type] - elementTypes[one.type] || (one.name < other.name ? -1 : 1));
  const header: Record<string, { dtype: 'F32' | 'F16'; shape: readonly number[]; data_offsets: readonly [number, number] }> = {};
  let offset = 0;
  for (const { name, shape, type, bytes } of sorted)
    header[name] = { dtype: type, shape, data_offsets: [offset, (offset += bytes.byteLength)] };
  const json = JSON.stringify(header);
  // padded with spaces so that the data begins at a multiple of 8, as the reference implementation does
  const text = new TextEncoder().encode(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const bytes = new Uint8Array(8 + text.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  for (const { name, bytes: data } of sorted) bytes.set(data, 8 + text.length + header[name]!.data_offsets[0]);
  return bytes;
}
