import type { PickleCall, PickleObject } from './plain-pickle.js';
import { elementCount, isTensor, tensorOf, type Storages } from './pytorch-tensor.js';
import type { Tensor, Tensors } from './safetensors.js';

/** What a file of PyTorch holds, as far as a network needs it. */
export interface PytorchContent {
  readonly kind: 'state_dict' | 'module';
  /** Under the names of `state_dict()`. */
  readonly tensors: Tensors;
  /** Class of a module, for example `torchxrayvision.models.DenseNet`. */
  readonly ofClass?: string;
  /** The entry of a checkpoint that they come from, and the entries that were left unread. */
  readonly entry?: string;
  readonly unread: readonly string[];
  /** Names of the outputs, where the module or checkpoint has them as an attribute. */
  readonly labels?: readonly string[];
  /** torchxrayvision's operating points (`op_threshs`); NaN for an output that was not trained. */
  readonly operatingPoints?: readonly number[];
}

export interface ContentOptions {
  readonly key?: string | undefined;
  /** More elements than a file of this size can hold mean that it repeats its storages. */
  readonly maxElements: number;
}

/** Entries of checkpoints that hold the weights: PyTorch's habit and Lightning's, fastai's and others'. */
const weightsEntries = ['state_dict', 'model_state_dict', 'model', 'net', 'network', 'weights', 'params', 'module'];
const labelAttributes = ['targets', 'pathologies', 'labels', 'classes', 'class_names', 'categories'];
const maxDepth = 64;
const maxTensors = 100_000;

/** @throws Error saying what was found instead */
export function pytorchContent(value: unknown, storages: Storages, options: ContentOptions): PytorchContent {
  const { entry, content, siblings } = chosen(value, options.key);
  const module = moduleState(content);
  const found = module ? moduleTensors(module) : dictionaryTensors(content);
  const tensors = readAll(found, storages, options.maxElements);
  const labels = labelsOf(module ?? siblings);
  const points = tensors.get('op_threshs') ?? plainTensor(module?.get('op_threshs'), storages);
  return {
    kind: module ? 'module' : 'state_dict',
    tensors: new Map([...tensors].filter(([name]) => name !== 'op_threshs')),
    ...(module ? { ofClass: (content as PickleObject).ofClass } : {}),
    ...(entry === undefined ? {} : { entry }),
    unread: [...siblings.keys()].map(String).filter((name) => name !== entry),
    ...(labels ? { labels } : {}),
    ...(points ? { operatingPoints: [...points.data] } : {}),
  };
}

interface Chosen {
  readonly entry?: string;
  readonly content: unknown;
  /** The checkpoint around it; empty if the file holds nothing else. */
  readonly siblings: ReadonlyMap<unknown, unknown>;
}

function chosen(value: unknown, key: string | undefined): Chosen {
  const none = new Map<unknown, unknown>();
  const items = dictionary(value);
  if (key !== undefined) {
    const content = items?.get(key);
    if (!items || content === undefined)
      throw new Error(`expected an entry ${key}, found ${items ? namesOf([...items.keys()]) : 'no dictionary'}`);
    return { entry: key, content, siblings: items };
  }
  if (moduleState(value)) return { content: value, siblings: none };
  if (!items) throw new Error('the file holds no dictionary and no module');
  const holders = [...items].filter(([, one]) => moduleState(one) ?? [...(dictionary(one)?.values() ?? [])].some(isTensor));
  const usual = holders.filter(([name]) => weightsEntries.includes(String(name)));
  // a state_dict; a checkpoint may hold a tensor of its own beside the weights, such as the last loss
  if (usual.length === 0 && [...items.values()].some(isTensor)) return { content: value, siblings: none };
  const [first, ...others] = usual.length > 0 ? usual : holders;
  if (!first) throw new Error(`no tensors, found the entries ${namesOf([...items.keys()])}`);
  if (others.length > 0)
    throw new Error(`weights under ${[first, ...others].map(([name]) => String(name)).join(' and ')}: choose one with --key NAME`);
  return { entry: String(first[0]), content: first[1], siblings: items };
}

function dictionary(value: unknown): ReadonlyMap<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  const { call, ofClass, items } = (value ?? {}) as Partial<PickleCall & PickleObject>;
  return call === 'collections.OrderedDict' || call === 'collections.defaultdict' || (ofClass !== undefined && items && items.size > 0)
    ? items
    : undefined;
}

/** The attributes of a pickled `torch.nn.Module`. */
function moduleState(value: unknown): ReadonlyMap<unknown, unknown> | undefined {
  const { ofClass, state } = (value ?? {}) as Partial<PickleObject>;
  return ofClass !== undefined && state instanceof Map && dictionary(state.get('_modules')) ? state : undefined;
}

type Found = readonly (readonly [string, PickleCall])[];

/** `Module.state_dict()`: parameters and persistent buffers of a module, then those of the modules in it. */
function moduleTensors(root: ReadonlyMap<unknown, unknown>): Found {
  const found: (readonly [string, PickleCall])[] = [];
  let modules = 0;
  const visit = (state: ReadonlyMap<unknown, unknown>, prefix: string, depth: number): void => {
    if (depth > maxDepth || ++modules > maxTensors) throw new Error('modules within modules without end');
    const passing = new Set(elementsOf(state.get('_non_persistent_buffers_set')));
    for (const kind of ['_parameters', '_buffers'])
      for (const [name, value] of dictionary(state.get(kind)) ?? []) {
        if (value === null || (kind === '_buffers' && passing.has(name))) continue;
        found.push([`${prefix}${String(name)}`, asTensor(`${prefix}${String(name)}`, value)]);
      }
    for (const [name, value] of dictionary(state.get('_modules')) ?? []) {
      if (value === null) continue;
      const inner = moduleState(value);
      if (!inner) throw new Error(`${prefix}${String(name)} is not a module but ${nameOf(value)}`);
      visit(inner, `${prefix}${String(name)}.`, depth + 1);
    }
  };
  visit(root, '', 0);
  return found;
}

function dictionaryTensors(value: unknown): Found {
  return [...(dictionary(value) ?? new Map<unknown, unknown>())].map(([name, one]) => [String(name), asTensor(String(name), one)]);
}

function asTensor(name: string, value: unknown): PickleCall {
  if (isTensor(value)) return value;
  throw new Error(`${name} is not a tensor but ${nameOf(value)}`);
}

function readAll(found: Found, storages: Storages, maxElements: number): Tensors {
  if (found.length > maxTensors) throw new Error(`expected at most ${maxTensors} tensors, found ${found.length}`);
  const total = found.reduce((sum, [name, value]) => sum + elementCount(name, value), 0);
  if (total > maxElements) throw new Error(`expected at most ${maxElements} elements in a file of this size, found ${total}`);
  return new Map(
    found.map(([name, value]) => {
      const tensor = tensorOf(name, value, storages);
      const wrong = name === 'op_threshs' ? -1 : tensor.data.findIndex((element) => !Number.isFinite(element));
      if (wrong >= 0) throw new Error(`tensor ${name}: expected finite values, found ${tensor.data[wrong]} at element ${wrong}`);
      return [name, tensor];
    }),
  );
}

function plainTensor(value: unknown, storages: Storages): Tensor | undefined {
  return isTensor(value) ? tensorOf('op_threshs', value, storages) : undefined;
}

function labelsOf(attributes: ReadonlyMap<unknown, unknown>): readonly string[] | undefined {
  return labelAttributes
    .map((name) => elementsOf(attributes.get(name)))
    .find((labels): labels is string[] => labels.length > 0 && labels.every((label) => typeof label === 'string'));
}

/** Elements of a list, a set, or an array of numpy that holds objects. */
function elementsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const { call, arguments: given, items, state } = (value ?? {}) as Partial<PickleCall>;
  if (call?.endsWith('multiarray._reconstruct')) return Array.isArray(state) && Array.isArray(state[4]) ? state[4] : [];
  if (!call || !/\.(list|set|frozenset|tuple)$/.test(call)) return [];
  return [...(Array.isArray(given?.[0]) ? given[0] : []), ...(items?.values() ?? [])];
}

function nameOf(value: unknown): string {
  const { call, ofClass } = (value ?? {}) as Partial<PickleCall & PickleObject>;
  return (
    ofClass ??
    call ??
    (value === null ? 'nothing' : Array.isArray(value) ? 'a list' : value instanceof Map ? 'a dictionary' : `a ${typeof value}`)
  );
}

function namesOf(keys: readonly unknown[]): string {
  const shown = keys.slice(0, 8).map(String);
  return `${shown.join(', ')}${keys.length > shown.length ? ` and ${keys.length - shown.length} more` : ''}`;
}
