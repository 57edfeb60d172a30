import { deserialize, serialize } from 'node:v8';
import type { DisplayFrame } from '../display/display-frame.js';
import type { DecoderAnswer, DecoderTask, TaskResult } from './decoder-tasks.js';

/**
 * Messages between the service and a decoder process: a prefix of ten bytes (length of the head, 4 bytes, and of the body, 6), the head
 * (structured clone) and the body (a file, or the values of a picture) as it lies in memory, so that large data are not
 * packed into a message first.
 */
export const prefixLength = 10;

export interface MessageLengths {
  readonly head: number;
  readonly body: number;
}

/** Head of a task. The body is the file, or nothing where the decoder still has it. */
export interface TaskHead {
  readonly task: DecoderTask;
  /** The decoder caches the file for the tasks that follow. */
  readonly cacheFile: boolean;
  /** The file is the cached one; the body is empty. */
  readonly fileIsCached: boolean;
}

/** Head of an answer: values of pictures are cut off, the body holds them one after the other. */
interface AnswerHead {
  readonly answer: DecoderAnswer;
  readonly imageLength?: number;
  /** The body is the samples of a frame for display. */
  readonly isFrame?: true;
}

export function messageParts(head: unknown, body: readonly Uint8Array[]): readonly Uint8Array[] {
  const packed = serialize(head);
  const prefix = Buffer.alloc(prefixLength);
  prefix.writeUInt32LE(packed.length, 0);
  prefix.writeUIntLE(
    body.reduce((sum, part) => sum + part.length, 0),
    4,
    6,
  );
  return [prefix, packed, ...body];
}

/** @param prefix the first `prefixLength` bytes of a message */
export function lengthsOf(prefix: Buffer): MessageLengths {
  return { head: prefix.readUInt32LE(0), body: prefix.readUIntLE(4, 6) };
}

export function answerParts(answer: DecoderAnswer): readonly Uint8Array[] {
  if (!('result' in answer) || typeof answer.result === 'number') return messageParts({ answer } satisfies AnswerHead, []);
  if ('samples' in answer.result) {
    const { samples } = answer.result;
    const light = { ...answer.result, samples: samples.slice(0, 0) };
    return messageParts({ answer: { result: light }, isFrame: true } satisfies AnswerHead, [
      new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    ]);
  }
  const { image, preview } = answer.result;
  // the first of several planes travels as the values do
  const values = image.values.slice(0, 0);
  const planes = image.planes && [values, ...image.planes.slice(1)];
  const { buffer, byteOffset, byteLength } = image.values;
  const light = {
    ...answer.result,
    image: { ...image, values, ...(planes ? { planes } : {}) },
    preview: { ...preview, values: new Uint8Array(0) },
  };
  return messageParts({ answer: { result: light }, imageLength: image.values.length } satisfies AnswerHead, [
    new Uint8Array(buffer, byteOffset, byteLength),
    preview.values,
  ]);
}

/** @param body memory of its own, which the pictures go on using */
export function answerOf(head: Uint8Array, body: Uint8Array): DecoderAnswer {
  const { answer, imageLength, isFrame } = deserialize(head) as AnswerHead;
  if (!('result' in answer) || typeof answer.result === 'number') return answer;
  if ('samples' in answer.result) return isFrame ? { result: { ...answer.result, samples: samplesOf(answer.result, body) } } : answer;
  if (imageLength === undefined) return answer;
  const { planes } = answer.result.image;
  const values = new Float32Array(body.buffer, body.byteOffset, imageLength);
  const result: TaskResult = {
    ...answer.result,
    image: { ...answer.result.image, values, ...(planes ? { planes: [values, ...planes.slice(1)] } : {}) },
    preview: { ...answer.result.preview, values: body.subarray(imageLength * Float32Array.BYTES_PER_ELEMENT) },
  };
  return { result };
}

/** The type of the samples is that of the empty array that came in their place. */
function samplesOf({ samples }: DisplayFrame, body: Uint8Array): DisplayFrame['samples'] {
  const length = Math.floor(body.length / samples.BYTES_PER_ELEMENT);
  if (samples instanceof Int16Array) return new Int16Array(body.buffer, body.byteOffset, length);
  return samples instanceof Uint16Array ? new Uint16Array(body.buffer, body.byteOffset, length) : body;
}

/** Puts messages together from the pieces that a socket gives. */
export class MessageReader {
  private readonly prefix = Buffer.alloc(prefixLength);
  private head: Uint8Array | undefined;
  private body: Uint8Array | undefined;
  private filled = 0;

  /** @param whole called with each message that is complete */
  constructor(private readonly whole: (head: Uint8Array, body: Uint8Array) => void) {}

  /** @throws RangeError if the pieces are no message */
  take(piece: Uint8Array): void {
    let remaining = piece;
    while (remaining.length > 0) {
      const target = this.head === undefined ? this.prefix : this.filled < this.head.length ? this.head : this.body!;
      const at = target === this.body ? this.filled - this.head!.length : this.filled;
      const some = remaining.subarray(0, target.length - at);
      target.set(some, at);
      this.filled += some.length;
      remaining = remaining.subarray(some.length);
      this.advance();
    }
  }

  private advance(): void {
    if (this.head === undefined) {
      if (this.filled < prefixLength) return;
      const { head, body } = lengthsOf(this.prefix);
      this.head = new Uint8Array(head);
      this.body = new Uint8Array(body);
      this.filled = 0;
    } else if (this.filled === this.head.length + this.body!.length) {
      const [head, body] = [this.head, this.body!];
      this.head = this.body = undefined;
      this.filled = 0;
      this.whole(head, body);
    }
  }
}
