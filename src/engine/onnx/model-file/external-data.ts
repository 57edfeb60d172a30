import { bytesField, concatBytes, varintField, wireFields, wireInteger, wireText } from './wire.js';

/**
 * Reads a part of a file beside the model.
 *
 * @param length undefined: to the end
 * @throws Error if there is no such part
 */
export type ReadExternal = (location: string, offset: number, length: number | undefined) => Uint8Array;

/*
 * Where the tensors are: ModelProto.graph (7) and functions (25); GraphProto.node (1), initializer (5); NodeProto.attribute (5) and, of
 * functions, FunctionProto.node (7); AttributeProto.t (5), g (6), tensors (10), graphs (11).
 */
type Message = 'model' | 'graph' | 'function' | 'node' | 'attribute' | 'tensor';

const parts: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 25: 'function' },
  function: { 7: 'node' },
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph' },
  tensor: {},
};

/** The model with every value inside: external data copied into its tensors, everything else byte for byte as it was. */
export function inlineExternalData(model: Uint8Array, read: ReadExternal): Uint8Array {
  return rewritten(model, 'model', read) ?? model;
}

/** @returns undefined if nothing in the message changes */
function rewritten(message: Uint8Array, kind: Message, read: ReadExternal): Uint8Array | undefined {
  if (kind === 'tensor') return withValues(message, read);
  const pieces: Uint8Array[] = [];
  let changed = false;
  for (const field of wireFields(message)) {
    const part = field.wireType === 2 ? parts[kind][field.number] : undefined;
    const content = part && rewritten(field.bytes, part, read);
    changed ||= content !== undefined;
    pieces.push(content ? bytesField(field.number, content) : field.whole);
  }
  return changed ? concatBytes(pieces) : undefined;
}

function withValues(tensor: Uint8Array, read: ReadExternal): Uint8Array | undefined {
  const entries = new Map<string, string>();
  const others: Uint8Array[] = [];
  let external = false;
  let name = '';
  for (const field of wireFields(tensor)) {
    if (field.number === 8) name = wireText(field);
    if (field.number === 14) external = wireInteger(field) === 1;
    else if (field.number === 13) {
      const pair = [...wireFields(field.bytes)];
      entries.set(
        pair.filter(({ number }) => number === 1).map(wireText)[0] ?? '',
        pair.filter(({ number }) => number === 2).map(wireText)[0] ?? '',
      );
    } else others.push(field.whole);
  }
  if (!external) return undefined;
  const location = entries.get('location') ?? '';
  const [offset, length] = [numberOf(entries.get('offset')) ?? 0, numberOf(entries.get('length'))];
  if (Number.isNaN(offset) || Number.isNaN(length))
    throw new Error(`tensor ${name}: offset and length of its external data are no whole numbers`);
  return concatBytes([...others, bytesField(9, read(location, offset, length)), varintField(14, 0)]);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}
