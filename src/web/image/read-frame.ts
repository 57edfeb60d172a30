import type { FrameAttributes } from '../../server/page-types.js';

/** A frame as the service sends it. */
export interface ReceivedFrame extends FrameAttributes {
  readonly samples: Uint8Array | Int16Array | Uint16Array;
}

const types = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array } as const;

/** Attributes as JSON with their length in front, then the values, little endian as every browser's processor is. @throws Error if it is something else */
export function readFrame(body: ArrayBuffer): ReceivedFrame {
  const length = body.byteLength >= 4 ? new DataView(body).getUint32(0, true) : 0;
  const start = 4 + length;
  if (length < 2 || start > body.byteLength) throw new Error(`expected attributes before the values, found ${body.byteLength} bytes`);
  const attributes = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length))) as FrameAttributes;
  const Samples = types[attributes.type];
  const expected = attributes.columns * attributes.rows * Samples.BYTES_PER_ELEMENT;
  if (body.byteLength - start !== expected) throw new Error(`expected ${expected} bytes of values, found ${body.byteLength - start}`);
  return { ...attributes, samples: new Samples(body, start) };
}
