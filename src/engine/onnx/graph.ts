import { createHash } from 'node:crypto';
import { attributeCodes, elementCodes, ModelProto } from './schema.js';

/** Whole numbers become INT, lists of them INTS, text STRING; a float has to be marked. */
export type NodeAttribute = number | readonly number[] | string | { readonly float: number };

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, NodeAttribute>>;
  /** Name of the output; a fresh one if not given. */
  readonly output?: string;
  /** For operators beyond ONNX, all of version 1: `com.microsoft`, `com.microsoft.nchwc`. */
  readonly domain?: string;
}

/** A size that is known, or the name of one that is not. */
export type Dimension = number | string;

/** An ONNX graph in the making. Names of values are strings; each method returns the name of what it made. */
export interface Graph {
  /** @param shape for example `['batch', 1, 'height', 'width']` */
  input(name: string, shape: readonly Dimension[]): string;
  /** A constant of float32 under a name of its own. */
  weight(name: string, shape: readonly number[], data: Float32Array): string;
  /** A small constant; equal ones are stored once. */
  floats(values: readonly number[], shape?: readonly number[]): string;
  integers(...values: readonly number[]): string;
  /** Indices for Gather, as many as it takes; equal lists are stored once. */
  indices(values: Int32Array): string;
  node(operator: string, inputs: readonly string[], options?: NodeOptions): string;
  /** The same with several outputs. */
  nodeOf(operator: string, inputs: readonly string[], outputs: number, options?: NodeOptions): readonly string[];
  output(value: string, name: string, shape: readonly Dimension[]): void;
  /** The model as protobuf bytes. */
  encode(): Uint8Array;
}

/** Opset 17 and IR 8: understood by onnxruntime 1.14 and later, and by every provider it has. */
const opset = 17;
const irVersion = 8;

export function graph(name: string): Graph {
  const nodes: object[] = [];
  const initializers: object[] = [];
  const inputs: object[] = [];
  const outputs: object[] = [];
  const constants = new Map<string, string>();
  const domains = new Set<string>();
  let serial = 0;
  const fresh = (): string => `value${serial++}`;
  const constant = (type: keyof typeof elementCodes, shape: readonly number[], data: Float32Array | BigInt64Array | Int32Array): string => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${type}[${shape.join()}]${createHash('sha256').update(bytes).digest('base64')}`;
    let known = constants.get(key);
    if (known === undefined) {
      constants.set(key, (known = `constant${constants.size}`));
      initializers.push({ name: known, dims: shape, data_type: elementCodes[type], raw_data: bytes });
    }
    return known;
  };
  const nodeOf: Graph['nodeOf'] = (operator, from, count, { attributes = {}, output, domain = '' } = {}) => {
    if (domain !== '') domains.add(domain);
    const made = Array.from({ length: count }, (_, index) => (index === 0 && output !== undefined ? output : fresh()));
    nodes.push({
      op_type: operator,
      input: from,
      output: made,
      name: `${operator}:${made[0]}`,
      domain,
      attribute: Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value)),
    });
    return made;
  };
  return {
    input: (key, shape) => {
      inputs.push(valueInfo(key, shape));
      return key;
    },
    weight: (key, shape, data) => {
      initializers.push({
        name: key,
        dims: shape,
        data_type: elementCodes.float32,
        raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      });
      return key;
    },
    floats: (values, shape = [values.length]) => constant('float32', shape, Float32Array.from(values)),
    integers: (...values) => constant('int64', [values.length], BigInt64Array.from(values, BigInt)),
    indices: (values) => constant('int32', [values.length], values),
    nodeOf,
    node: (operator, from, options) => nodeOf(operator, from, 1, options)[0]!,
    output: (value, key, shape) => {
      if (value !== key) nodeOf('Identity', [value], 1, { output: key });
      outputs.push(valueInfo(key, shape));
    },
    encode: () =>
      ModelProto.encode(
        ModelProto.create({
          ir_version: irVersion,
          producer_name: 'orthanc-chest-ai',
          opset_import: [{ domain: '', version: opset }, ...[...domains].map((domain) => ({ domain, version: 1 }))],
          graph: { name, node: nodes, initializer: initializers, input: inputs, output: outputs },
        }),
      ).finish(),
  };
}

function encodeAttribute(name: string, value: NodeAttribute): object {
  if (typeof value === 'number') return { name, i: value, type: attributeCodes.int };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: attributeCodes.string };
  if (Array.isArray(value)) return { name, ints: value, type: attributeCodes.ints };
  return { name, f: (value as { readonly float: number }).float, type: attributeCodes.float };
}

function valueInfo(name: string, shape: readonly Dimension[]): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: elementCodes.float32, shape: { dim } } } };
}
