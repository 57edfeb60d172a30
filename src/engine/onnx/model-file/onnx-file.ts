import { concatBytes, wireFields, wireFloats, wireInteger, wireIntegers, wireText, type WireField } from './wire.js';

/*
 * An ONNX file of others as data (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; field numbers as there). Only what is needed to
 * find input, output and head is read; nothing is changed.
 */

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** `TensorProto.DataType`. */
  readonly type: number;
  /** Its values as they lie in memory, little-endian; undefined where they stand in a typed list or outside the file. */
  readonly raw?: Uint8Array;
  /** The typed list `float_data`. */
  readonly floats?: Float32Array;
  /** The typed lists `int32_data` (also of half floats) and `int64_data`. */
  readonly integers?: readonly number[];
  /** Where the values lie outside the file: `location`, `offset`, `length`. */
  readonly external?: ReadonlyMap<string, string>;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly float?: number;
  readonly integer?: number;
  readonly text?: string;
  readonly integers?: readonly number[];
  readonly tensor?: OnnxTensor;
}

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** A size, its name, or undefined where the file states neither. */
export type OnnxDimension = number | string | undefined;

export interface OnnxValue {
  readonly name: string;
  /** `tensor`, or what else it is: `sequence`, `map`, `optional`, `sparse tensor`. */
  readonly kind: string;
  readonly elementType: number;
  /** Absent where the file states no shape. */
  readonly shape?: readonly OnnxDimension[];
}

export interface OnnxFile {
  readonly irVersion: number;
  readonly producer: string;
  /** Version by domain; ONNX's own domain is the empty text. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** `domain:operator` of the functions that the file defines itself. */
  readonly functions: ReadonlySet<string>;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Every tensor of the file, those in nodes and in inner graphs included. */
  readonly tensors: readonly OnnxTensor[];
  /** Every operator, those of inner graphs and functions included. */
  readonly operators: readonly Pick<OnnxNode, 'operator' | 'domain' | 'name'>[];
}

/** Graphs within nodes within graphs: nobody nests deeper. */
const maxDepth = 16;

/** @throws Error for bytes that are not an ONNX model */
export function readOnnxFile(bytes: Uint8Array): OnnxFile {
  const file = {
    irVersion: 0,
    producer: '',
    opsets: new Map<string, number>(),
    metadata: new Map<string, string>(),
    functions: new Set<string>(),
    nodes: [] as OnnxNode[],
    initializers: new Map<string, OnnxTensor>(),
    inputs: [] as OnnxValue[],
    outputs: [] as OnnxValue[],
    tensors: [] as OnnxTensor[],
    operators: [] as Pick<OnnxNode, 'operator' | 'domain' | 'name'>[],
  };
  let graphs = 0;
  for (const field of wireFields(bytes)) {
    if (field.number === 1) file.irVersion = wireInteger(field);
    else if (field.number === 2) file.producer = wireText(field);
    else if (field.number === 7) {
      graphs++;
      readGraph(delimited(field), file, 0);
    } else if (field.number === 8) readPair(field, (domain, version) => file.opsets.set(domain === 'ai.onnx' ? '' : domain, version));
    else if (field.number === 14) readEntry(field, file.metadata);
    else if (field.number === 25) readFunction(delimited(field), file);
  }
  if (graphs === 0) throw new Error('no graph in the file');
  return file;
}

interface Sink {
  readonly nodes: OnnxNode[];
  readonly initializers: Map<string, OnnxTensor>;
  readonly inputs: OnnxValue[];
  readonly outputs: OnnxValue[];
  readonly tensors: OnnxTensor[];
  readonly operators: Pick<OnnxNode, 'operator' | 'domain' | 'name'>[];
}

function readGraph(bytes: Uint8Array, sink: Sink, depth: number): void {
  if (depth > maxDepth) throw new Error(`graphs nested deeper than ${maxDepth}`);
  for (const field of wireFields(bytes)) {
    if (field.number === 1) sink.nodes.push(readNode(delimited(field), sink, depth));
    else if (field.number === 5) {
      const tensor = readTensor(delimited(field));
      sink.initializers.set(tensor.name, tensor);
      sink.tensors.push(tensor);
    } else if (field.number === 11) sink.inputs.push(readValue(delimited(field)));
    else if (field.number === 12) sink.outputs.push(readValue(delimited(field)));
  }
}

function readNode(bytes: Uint8Array, sink: Sink, depth: number): OnnxNode {
  const node = { name: '', operator: '', domain: '', inputs: [] as string[], outputs: [] as string[] };
  const attributes = new Map<string, OnnxAttribute>();
  for (const field of wireFields(bytes)) {
    if (field.number === 1) node.inputs.push(wireText(field));
    else if (field.number === 2) node.outputs.push(wireText(field));
    else if (field.number === 3) node.name = wireText(field);
    else if (field.number === 4) node.operator = wireText(field);
    else if (field.number === 7) node.domain = wireText(field);
    else if (field.number === 5) {
      const attribute = readAttribute(delimited(field), sink, depth);
      attributes.set(attribute.name, attribute);
    }
  }
  if (node.domain === 'ai.onnx') node.domain = '';
  sink.operators.push({ operator: node.operator, domain: node.domain, name: node.name });
  return { ...node, attributes };
}

function readAttribute(bytes: Uint8Array, sink: Sink, depth: number): OnnxAttribute {
  const attribute: { -readonly [Key in keyof OnnxAttribute]: OnnxAttribute[Key] } = { name: '' };
  const integers: number[] = [];
  const inner: Sink = { ...sink, nodes: [], initializers: new Map(), inputs: [], outputs: [] };
  for (const field of wireFields(bytes)) {
    if (field.number === 1) attribute.name = wireText(field);
    else if (field.number === 2) attribute.float = wireFloats(field.bytes)[0] ?? 0;
    else if (field.number === 3) attribute.integer = wireInteger(field);
    else if (field.number === 4) attribute.text = wireText(field);
    else if (field.number === 8) integers.push(...wireIntegers(field));
    else if (field.number === 5 || field.number === 10) {
      attribute.tensor = readTensor(delimited(field));
      sink.tensors.push(attribute.tensor);
    } else if (field.number === 6 || field.number === 11) readGraph(delimited(field), inner, depth + 1);
  }
  return integers.length > 0 ? { ...attribute, integers } : attribute;
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  const tensor: { -readonly [Key in keyof OnnxTensor]: OnnxTensor[Key] } = { name: '', dims: [], type: 0 };
  const dims: number[] = [];
  const integers: number[] = [];
  const floats: Uint8Array[] = [];
  const external = new Map<string, string>();
  let isExternal = false;
  for (const field of wireFields(bytes)) {
    if (field.number === 1) dims.push(...wireIntegers(field));
    else if (field.number === 2) tensor.type = wireInteger(field);
    else if (field.number === 4) floats.push(field.bytes);
    // one at a time: a list of many is no list of arguments
    else if (field.number === 5 || field.number === 7) for (const value of wireIntegers(field)) integers.push(value);
    else if (field.number === 8) tensor.name = wireText(field);
    else if (field.number === 9) tensor.raw = delimited(field);
    else if (field.number === 13) readEntry(field, external);
    else if (field.number === 14) isExternal = wireInteger(field) === 1;
  }
  return {
    ...tensor,
    dims,
    ...(floats.length > 0 ? { floats: wireFloats(concatBytes(floats)) } : {}),
    ...(integers.length > 0 ? { integers } : {}),
    ...(isExternal ? { external } : {}),
  };
}

function readValue(bytes: Uint8Array): OnnxValue {
  const value: { -readonly [Key in keyof OnnxValue]: OnnxValue[Key] } = { name: '', kind: 'tensor', elementType: 0 };
  const kinds: Readonly<Record<number, string>> = { 1: 'tensor', 4: 'sequence', 5: 'map', 8: 'sparse tensor', 9: 'optional' };
  for (const field of wireFields(bytes)) {
    if (field.number === 1) value.name = wireText(field);
    if (field.number !== 2) continue;
    for (const type of wireFields(delimited(field))) {
      if (kinds[type.number] === undefined) continue;
      value.kind = kinds[type.number]!;
      if (type.number !== 1) continue;
      for (const part of wireFields(delimited(type))) {
        if (part.number === 1) value.elementType = wireInteger(part);
        else if (part.number === 2) value.shape = [...wireFields(delimited(part))].filter(({ number }) => number === 1).map(readDimension);
      }
    }
  }
  return value;
}

function readDimension(field: WireField): OnnxDimension {
  let dimension: OnnxDimension;
  for (const part of wireFields(delimited(field))) {
    if (part.number === 1) dimension = wireInteger(part);
    else if (part.number === 2) dimension = wireText(part);
  }
  // some exporters write 0, -1 or an empty name for a size that is not known
  return (typeof dimension === 'number' && dimension <= 0) || dimension === '' ? undefined : dimension;
}

function readFunction(bytes: Uint8Array, file: Sink & { readonly functions: Set<string> }): void {
  const inner: Sink = { ...file, nodes: [], initializers: new Map(), inputs: [], outputs: [] };
  let [name, domain] = ['', ''];
  for (const field of wireFields(bytes)) {
    if (field.number === 1) name = wireText(field);
    else if (field.number === 10) domain = wireText(field);
    else if (field.number === 7) readNode(delimited(field), inner, 1);
  }
  file.functions.add(`${domain}:${name}`);
}

function readPair(field: WireField, read: (text: string, value: number) => void): void {
  let [text, value] = ['', 0];
  for (const part of wireFields(delimited(field))) {
    if (part.number === 1) text = wireText(part);
    else if (part.number === 2) value = wireInteger(part);
  }
  read(text, value);
}

function readEntry(field: WireField, into: Map<string, string>): void {
  let [key, value] = ['', ''];
  for (const part of wireFields(delimited(field))) {
    if (part.number === 1) key = wireText(part);
    else if (part.number === 2) value = wireText(part);
  }
  into.set(key, value);
}

function delimited({ bytes, wireType, number }: WireField): Uint8Array {
  if (wireType !== 2) throw new Error(`field ${number} has wire type ${wireType}, expected a message`);
  return bytes;
}
