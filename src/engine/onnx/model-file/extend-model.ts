import { bytesField, concatBytes, textField, varintField, wireFields, wireText } from './wire.js';

/*
 * A graph of others is extended by appending to its file: a message field that occurs twice is merged by every reader of Protocol
 * Buffers, repeated fields in it are joined. The bytes of the publisher stay as they are.
 */

const [nodeField, nameField, initializerField, inputField, outputField] = [1, 2, 5, 11, 12];
const modelGraphField = 7;
const [intAttribute, floatTensor, halfTensor] = [2, 1, 10];

/** The model with further values of its graph as outputs. */
export function withOutputs(model: Uint8Array, names: readonly string[]): Uint8Array {
  if (names.length === 0) return model;
  return concatBytes([model, bytesField(modelGraphField, concatBytes(names.map((name) => bytesField(outputField, textField(1, name)))))]);
}

/** The input that replaces one in half precision. */
export const floatInputName = 'chestAi.input.float32';

/**
 * The model with a float32 input in the place of a float16 one: onnxruntime-node cannot pass half precision on where JavaScript has
 * a Float16Array.
 */
export function withFloatInput(model: Uint8Array, name: string): Uint8Array {
  const type = bytesField(2, bytesField(1, varintField(1, floatTensor)));
  const before = concatBytes([
    bytesField(nodeField, node('Cast', [floatInputName], name, { to: halfTensor })),
    bytesField(inputField, concatBytes([textField(1, floatInputName), type])),
  ]);
  let isFirst = true;
  return concatBytes(
    [...wireFields(model)].map((field) => {
      if (field.number !== modelGraphField) return field.whole;
      const kept = [...wireFields(field.bytes)].filter((part) => !(part.number === inputField && valueName(part.bytes) === name));
      const graph = concatBytes([...(isFirst ? [before] : []), ...kept.map(({ whole }) => whole)]);
      isFirst = false;
      return bytesField(modelGraphField, graph);
    }),
  );
}

/** Of a `ValueInfoProto`. */
function valueName(value: Uint8Array): string | undefined {
  for (const field of wireFields(value)) if (field.number === 1) return wireText(field);
  return undefined;
}

/** Names of what a new head adds. */
export const headNames = { weight: 'chestAi.head.weight', bias: 'chestAi.head.bias', logits: 'chestAi.head.logits' } as const;
const headGraphName = 'chestAi.head';

export interface LinearHead {
  /** [outputs, features] */
  readonly weights: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
}

/**
 * The model with a linear head of its own on a value of its graph: `Gemm` with the output `chestAi.head.logits`. A head that was added
 * before is replaced.
 *
 * @param embedding name of a value [batch, features]; with further dimensions of 1 behind it is flattened
 */
export function withLinearHead(model: Uint8Array, embedding: string, { weights, bias }: LinearHead): Uint8Array {
  const outputs = bias.length;
  const features = weights.length / outputs;
  const flat = `${headGraphName}.embedding`;
  // Of a network in half precision the embedding is float16; of the others the cast changes nothing.
  const floats = `${headGraphName}.embedding.float32`;
  const head = concatBytes([
    bytesField(nodeField, node('Flatten', [embedding], flat, { axis: 1 })),
    bytesField(nodeField, node('Cast', [flat], floats, { to: floatTensor })),
    bytesField(nodeField, node('Gemm', [floats, headNames.weight, headNames.bias], headNames.logits, { transB: 1 })),
    bytesField(initializerField, floatTensorOf(headNames.weight, [outputs, features], weights)),
    bytesField(initializerField, floatTensorOf(headNames.bias, [outputs], bias)),
    bytesField(outputField, textField(1, headNames.logits)),
  ]);
  // the name comes first: the last name of merged messages counts, and the publisher's stays the graph's
  const name = graphName(model);
  return concatBytes([
    ...withoutHead(model),
    bytesField(modelGraphField, concatBytes([textField(nameField, headGraphName), head, textField(nameField, name)])),
  ]);
}

function withoutHead(model: Uint8Array): readonly Uint8Array[] {
  return [...wireFields(model)]
    .filter((field) => !(field.number === modelGraphField && firstName(field.bytes) === headGraphName))
    .map(({ whole }) => whole);
}

function graphName(model: Uint8Array): string {
  const graph = [...wireFields(model)].find(({ number }) => number === modelGraphField);
  const name = graph && [...wireFields(graph.bytes)].find(({ number }) => number === nameField);
  return name ? wireText(name) : 'graph';
}

/** The name with which a message begins. */
function firstName(graph: Uint8Array): string | undefined {
  for (const field of wireFields(graph)) return field.number === nameField ? wireText(field) : undefined;
  return undefined;
}

function node(operator: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, number>>): Uint8Array {
  return concatBytes([
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(3, `${output}.${operator}`),
    textField(4, operator),
    ...Object.entries(attributes).map(([name, value]) =>
      bytesField(5, concatBytes([textField(1, name), varintField(3, value), varintField(20, intAttribute)])),
    ),
  ]);
}

function floatTensorOf(name: string, dims: readonly number[], values: Float32Array): Uint8Array {
  return concatBytes([
    ...dims.map((size) => varintField(1, size)),
    varintField(2, floatTensor),
    textField(8, name),
    bytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ]);
}
