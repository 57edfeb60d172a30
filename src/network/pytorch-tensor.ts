import { elementTypes, readElements, type ElementType } from './element-type.js';
import type { PickleCall, PickleGlobal, PicklePersistent } from './plain-pickle.js';
import type { Tensor } from './safetensors.js';
import { contiguous, span, type StridedShape } from './strided.js';

/** The bytes of a storage by its key. @throws Error if there is none */
export type Storages = (key: string) => Uint8Array;

const storageElements: Readonly<Record<string, ElementType>> = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

/** @throws Error naming a kind of element that is not read */
export function storageType({ persistent }: PicklePersistent): ElementType {
  const { global } = (persistent[1] ?? {}) as Partial<PickleGlobal>;
  const type = storageElements[String(global).replace(/^torch\.(cuda\.)?/, '')];
  if (type === undefined) throw new Error(`elements of ${String(global)} are not read`);
  return type;
}

const rebuild = new Set(['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2']);
const parameters = new Set(['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state']);

/** Whether a pickled value is a tensor or a parameter. */
export function isTensor(value: unknown): value is PickleCall {
  const { call } = (value ?? {}) as Partial<PickleCall>;
  return call !== undefined && (rebuild.has(call) || parameters.has(call) || call === 'torch._tensor._rebuild_from_type_v2');
}

interface TensorReference extends StridedShape {
  readonly key: string;
  readonly type: ElementType;
  readonly offset: number;
}

/**
 * A tensor of a pickle, its elements in the order of the axes, as float32.
 *
 * @param name for messages
 * @throws Error if its storage is missing or too short
 */
export function tensorOf(name: string, value: PickleCall, storages: Storages): Tensor {
  const { key, type, offset, ...layout } = reference(name, value);
  const size = elementTypes[type];
  const count = span(layout);
  const bytes = storages(key).subarray(offset * size, (offset + count) * size);
  if (bytes.length !== count * size)
    throw new Error(`tensor ${name}: truncated, expected ${count} values of ${type}, found ${bytes.length} bytes`);
  return { shape: layout.shape, data: contiguous(readElements(bytes, type), layout) };
}

/** How many elements it has, without reading them. */
export function elementCount(name: string, value: PickleCall): number {
  return reference(name, value).shape.reduce((product, size) => product * size, 1);
}

function reference(name: string, { call, arguments: given }: PickleCall): TensorReference {
  if (parameters.has(call) && isTensor(given[0])) return reference(name, given[0]);
  // a subclass of Tensor: the function that makes it, the class, its arguments, its state
  if (call === 'torch._tensor._rebuild_from_type_v2' && Array.isArray(given[2]))
    return reference(name, { call: (given[0] as PickleGlobal).global, arguments: given[2], items: new Map() });
  const [storage, offset, shape, strides] = given;
  const { persistent } = (storage ?? {}) as Partial<PicklePersistent>;
  if (!rebuild.has(call) || !Array.isArray(persistent) || persistent[0] !== 'storage')
    throw new Error(`${name} is not a plain tensor but ${call}`);
  if (!isSizes(shape) || !isSizes(strides) || !isSizes([offset]))
    throw new Error(`tensor ${name}: expected shape, strides and offset of whole numbers`);
  return { key: String(persistent[2]), type: storageType({ persistent }), offset: offset as number, shape, strides };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
