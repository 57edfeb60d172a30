/*
 * Protocol Buffers' wire format (https://protobuf.dev/programming-guides/encoding/), read field by field and written piece by piece.
 * A file of others may contain fields that this program does not know; what is copied in pieces keeps them.
 */

/** One field of a message: `value` of a varint, `bytes` of the content of a length-delimited, 32-bit or 64-bit field. */
export interface WireField {
  readonly number: number;
  readonly wireType: number;
  readonly value: bigint;
  readonly bytes: Uint8Array;
  /** The field as it stands in the message, tag included. */
  readonly whole: Uint8Array;
}

const none: Uint8Array = new Uint8Array(0);

/** @throws Error for bytes that are not a message */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let low = 0;
    let high = 0n;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= message.length) throw new Error(`truncated at byte ${at}`);
      const byte = message[at++]!;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else high |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return high === 0n ? BigInt(low) : BigInt.asUintN(64, high | BigInt(low));
    }
    throw new Error(`a number of more than ten bytes at byte ${at}`);
  };
  while (at < message.length) {
    const begin = at;
    const tag = varint();
    const [number, wireType] = [Number(tag >> 3n), Number(tag & 7n)];
    if (number < 1 || number > 0x1fff_ffff) throw new Error(`no field number at byte ${begin}`);
    let value = 0n;
    let bytes: Uint8Array = none;
    if (wireType === 0) value = varint();
    else {
      const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? Number(varint()) : undefined;
      if (length === undefined) throw new Error(`wire type ${wireType} at byte ${begin} is not of this format`);
      if (at + length > message.length) throw new Error(`truncated: field ${number} at byte ${begin} needs ${length} bytes`);
      bytes = message.subarray(at, (at += length));
      if (wireType === 1) value = view.getBigUint64(at - 8, true);
      else if (wireType === 5) value = BigInt(view.getUint32(at - 4, true));
    }
    yield { number, wireType, value, bytes, whole: message.subarray(begin, at) };
  }
}

const decoder = new TextDecoder('utf-8');
const encoder = new TextEncoder();

export function wireText({ bytes }: WireField): string {
  return decoder.decode(bytes);
}

/** A whole number as `int32` and `int64` are stored: two's complement. */
export function wireInteger({ value }: WireField): number {
  return Number(BigInt.asIntN(64, value));
}

/** The numbers of a repeated field, which may be packed into one. */
export function wireIntegers(field: WireField): readonly number[] {
  if (field.wireType === 0) return [wireInteger(field)];
  const numbers: number[] = [];
  for (let at = 0; at < field.bytes.length; ) {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = field.bytes[at++];
      if (byte === undefined || shift > 63n) throw new Error('a list of numbers is truncated');
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) break;
    }
    numbers.push(Number(BigInt.asIntN(64, value)));
  }
  return numbers;
}

/** The content of a `float` field, or of a packed list of them. */
export function wireFloats(bytes: Uint8Array): Float32Array {
  // a copy that begins at an aligned address; the slice of a Buffer would be none
  return new Float32Array(Uint8Array.from(bytes).buffer, 0, bytes.length >> 2);
}

export function varintField(number: number, value: number): Uint8Array {
  return concatBytes([varintBytes(number * 8), varintBytes(value)]);
}

export function bytesField(number: number, content: Uint8Array): Uint8Array {
  return concatBytes([varintBytes(number * 8 + 2), varintBytes(content.length), content]);
}

export function textField(number: number, text: string): Uint8Array {
  return bytesField(number, encoder.encode(text));
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
