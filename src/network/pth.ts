import { Fault } from '../errors.js';
import { elementTypes, type ElementType } from './element-type.js';
import { unknownCall } from './pickle-calls.js';
import { readPickle, type PicklePersistent, type ReadPickle } from './plain-pickle.js';
import { pytorchContent, type PytorchContent } from './pytorch-content.js';
import { storageType, type Storages } from './pytorch-tensor.js';
import type { Tensors } from './safetensors.js';
import { zipEntries } from './zip-entries.js';

export interface ReadPytorchOptions {
  /** Name of the entry that holds the weights, where a checkpoint has several. */
  readonly key?: string | undefined;
}

/**
 * Reads what PyTorch saved (`torch.save`) in either of its formats: a zip archive (since 1.6) or pickles behind each other (before).
 * It may be a `state_dict`, a checkpoint that holds one, or a whole module. Nothing in it is executed.
 *
 * @throws Fault 'model-invalid' for anything else, and for a file that would have Python call something unknown
 */
export function readPytorch(bytes: Uint8Array, source = 'weights', { key }: ReadPytorchOptions = {}): PytorchContent {
  try {
    const { pickle, storages } = isZip(bytes) ? fromZip(bytes) : fromPickles(bytes);
    const call = unknownCall(pickle.calls);
    if (call !== undefined)
      throw new Error(
        `it would have Python call ${call}, which no model needs; nothing was executed. Of a file that you trust, save the weights alone: torch.save(model.state_dict(), FILE)`,
      );
    return pytorchContent(pickle.value, storages, { key, maxElements: 4 * bytes.length });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      'model-invalid',
      `expected a state_dict or a module as torch.save writes it (${error instanceof Error ? error.message : String(error)})`,
      { source },
      { cause: error },
    );
  }
}

/** The weights alone. @throws Fault as readPytorch does */
export function readPth(bytes: Uint8Array, source = 'weights'): Tensors {
  return readPytorch(bytes, source).tensors;
}

interface PickleWithStorages {
  readonly pickle: ReadPickle;
  readonly storages: Storages;
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

function fromZip(bytes: Uint8Array): PickleWithStorages {
  const entries = zipEntries(bytes);
  const name = [...entries.keys()].find((one) => /^([^/]+\/)?data\.pkl$/.test(one));
  if (name === undefined) throw new Error('no data.pkl in the archive');
  const folder = name.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`))
    throw new Error('it is a TorchScript program, which only PyTorch runs: export it as ONNX, or save model.state_dict()');
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(order) !== 'little')
    throw new Error('its numbers are big-endian: save it again on a usual machine');
  return {
    pickle: readPickle(entries.get(name)!),
    storages: (key) => entries.get(`${folder}data/${key}`) ?? fail(`storage ${key} is missing`),
  };
}

/** torch/serialization.py, `_legacy_save`: a magic number, a protocol version, facts about the machine, the object, the keys, the storages. */
function fromPickles(bytes: Uint8Array): PickleWithStorages {
  const magic = readPickle(bytes);
  if (magic.value !== 0x1950a86a20f9469cfc6cn) throw new Error('no magic number of PyTorch');
  const machine = readPickle(bytes, readPickle(bytes, magic.end).end);
  const pickle = readPickle(bytes, machine.end);
  const keys = readPickle(bytes, pickle.end);
  if (!Array.isArray(keys.value)) throw new Error('no list of storages');
  const types = storageTypes(pickle.persistents);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const key of keys.value.map(String)) {
    if (at + 8 > bytes.length) throw new Error(`truncated: storage ${key} begins at ${at}, the file ends at ${bytes.length}`);
    const begin = at + 8;
    const count = Number(view.getBigInt64(at, true));
    at = begin + count * elementTypes[types.get(key) ?? fail(`storage ${key} belongs to no tensor`)];
    if (!(count >= 0 && at <= bytes.length)) throw new Error(`truncated: storage ${key} ends at ${at}, the file at ${bytes.length}`);
    storages.set(key, bytes.subarray(begin, at));
  }
  return { pickle, storages: (key) => storages.get(key) ?? fail(`storage ${key} is missing`) };
}

function storageTypes(persistents: readonly PicklePersistent[]): ReadonlyMap<string, ElementType> {
  return new Map(
    persistents.flatMap((one) => {
      const { persistent } = one;
      return persistent[0] === 'storage' ? [[String(persistent[2]), storageType(one)] as const] : [];
    }),
  );
}

function fail(detail: string): never {
  throw new Error(detail);
}
