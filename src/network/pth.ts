import { Fault } from '../errors.js';
import { elementTypes, readElements, type ElementType } from './element-type.js';
import { readPickle, type PickleCall, type PickleGlobal, type PicklePersistent } from './plain-pickle.js';
import type { Tensor, Tensors } from './safetensors.js';
import { contiguous, span, type StridedShape } from './strided.js';
import { zipEntries } from './zip-entries.js';

/**
 * Reads a `state_dict` that PyTorch saved (`torch.save`), in either of its formats: a zip archive (since 1.6) or pickles
 * behind each other (before). Nothing in it is executed.
 *
 * @throws Fault 'model-invalid' for anything that is not a dictionary of plain tensors
 */
export function readPth(bytes: Uint8Array, source = 'weights'): Tensors {
  try {
    return isZip(bytes) ? fromZip(bytes) : fromPickles(bytes);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      'model-invalid',
      `expected a state_dict as torch.save writes it (${error instanceof Error ? error.message : String(error)})`,
      { source },
      { cause: error },
    );
  }
}

/** The raw values of a storage by its key, and how many it holds. */
type Storages = (key: string, type: ElementType) => Uint8Array;

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

function fromZip(bytes: Uint8Array): Tensors {
  const entries = zipEntries(bytes);
  const pickle = [...entries.keys()].find((name) => name.endsWith('/data.pkl'));
  if (pickle === undefined) throw new Error('no data.pkl in the archive');
  const folder = pickle.slice(0, -'data.pkl'.length);
  return tensorsOf(readPickle(entries.get(pickle)!).value, (key) => {
    const data = entries.get(`${folder}data/${key}`);
    if (!data) throw new Error(`storage ${key} is missing`);
    return data;
  });
}

/** torch/serialization.py, `_legacy_save`: a magic number, a protocol version, facts about the machine, the object, the keys, the storages. */
function fromPickles(bytes: Uint8Array): Tensors {
  const magic = readPickle(bytes);
  if (magic.value !== 0x1950a86a20f9469cfc6cn) throw new Error('no magic number of PyTorch');
  const machine = readPickle(bytes, readPickle(bytes, magic.end).end);
  const object = readPickle(bytes, machine.end);
  const keys = readPickle(bytes, object.end);
  const sizes = storageTypes(object.value);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const key of keys.value as string[]) {
    const begin = at + 8;
    at = begin + Number(view.getBigInt64(at, true)) * elementTypes[sizes.get(key) ?? fail(`storage ${key} belongs to no tensor`)];
    if (at > bytes.length) throw new Error(`truncated: storage ${key} ends at ${at}, the file at ${bytes.length}`);
    storages.set(key, bytes.subarray(begin, at));
  }
  return tensorsOf(object.value, (key) => storages.get(key) ?? fail(`storage ${key} is missing`));
}

const storageElements: Readonly<Record<string, ElementType>> = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
};

interface TensorReference extends StridedShape {
  readonly key: string;
  readonly type: ElementType;
  readonly offset: number;
}

function tensorsOf(value: unknown, storages: Storages): Tensors {
  return new Map(
    references(value).map(([name, { key, type, offset, ...layout }]): [string, Tensor] => {
      const count = span(layout);
      const bytes = storages(key, type).subarray(offset * elementTypes[type], (offset + count) * elementTypes[type]);
      if (bytes.length !== count * elementTypes[type])
        throw new Error(`tensor ${name}: truncated, expected ${count} values of ${type}, found ${bytes.length} bytes`);
      const data = contiguous(readElements(bytes, type), layout);
      const wrong = data.findIndex((element) => !Number.isFinite(element));
      if (wrong >= 0) throw new Error(`tensor ${name}: expected finite values, found ${data[wrong]} at element ${wrong}`);
      return [name, { shape: layout.shape, data }];
    }),
  );
}

function storageTypes(value: unknown): ReadonlyMap<string, ElementType> {
  return new Map(references(value).map(([, { key, type }]) => [key, type]));
}

/** A checkpoint that keeps its weights under `state_dict` or `model` is taken for these. */
function references(value: unknown): readonly (readonly [string, TensorReference])[] {
  const items = dictionary(value) ?? fail('the file holds no dictionary');
  const inner = dictionary(items.get('state_dict')) ?? dictionary(items.get('model'));
  return [...(inner ?? items)].map(([name, entry]) => [String(name), reference(String(name), entry)]);
}

function dictionary(value: unknown): ReadonlyMap<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  const { call, items } = (value ?? {}) as Partial<PickleCall>;
  return call === 'collections.OrderedDict' ? items : undefined;
}

function reference(name: string, value: unknown): TensorReference {
  const { call, arguments: given } = (value ?? {}) as Partial<PickleCall>;
  if (call === 'torch._utils._rebuild_parameter') return reference(name, given![0]);
  if (call !== 'torch._utils._rebuild_tensor_v2') return fail(`${name} is not a tensor${call === undefined ? '' : ` but ${call}`}`);
  const [storage, offset, shape, strides] = given as readonly [PicklePersistent, number, readonly number[], readonly number[]];
  const [, global, key] = storage.persistent as readonly [string, PickleGlobal, string];
  const type = storageElements[global.global.replace(/^torch\./, '')] ?? fail(`tensor ${name}: elements of ${global.global} are not read`);
  return { key, type, offset, shape, strides };
}

function fail(detail: string): never {
  throw new Error(detail);
}
