/** Start block, end block and carriage return (HL7 v2.5.1 appendix C.4, Minimal Lower Layer Protocol). */
export const startBlock = 0x0b;
export const endBlock = 0x1c;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
/** Enough to find MSH-10 in a message that is too large. */
const beginningBytes = 4_096;

export function inMllpFrame(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(startBlock), message, Buffer.of(endBlock, carriageReturn)]);
}

/** A whole message without its frame, or what cannot become one. */
export type MllpFrame =
  | { readonly kind: 'message'; readonly message: Buffer }
  /** Its first bytes. */
  | { readonly kind: 'too-large'; readonly beginning: Buffer }
  | { readonly kind: 'no-frame' };

/**
 * The frames in the bytes of a connection, however they are divided into chunks. Every byte is searched once, and copied a few times at
 * most: the room for a frame doubles when it is used up.
 */
export class MllpFrames {
  readonly #maxMessageBytes: number;
  /** Bytes that were received and not taken yet, from #start to #end; what follows is room. */
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** How far the end block was looked for. */
  #searched = 0;

  /** @param maxMessageBytes without the frame */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Nothing of a further frame has arrived. */
  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  add(bytes: Buffer): void {
    if (this.isEmpty) {
      this.#buffer = bytes;
      [this.#start, this.#end, this.#searched] = [0, bytes.length, 0];
      return;
    }
    if (this.#end + bytes.length > this.#buffer.length) this.#grow(bytes.length);
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0);
    [this.#start, this.#end, this.#searched] = [0, 0, 0];
  }

  /** @returns undefined if more bytes are needed */
  next(): MllpFrame | undefined {
    // Some senders end a frame with more than the carriage return.
    while (this.#start < this.#end && [carriageReturn, lineFeed].includes(this.#buffer[this.#start]!)) this.#start++;
    if (this.isEmpty) {
      this.clear();
      return undefined;
    }
    if (this.#buffer[this.#start] !== startBlock) return { kind: 'no-frame' };
    const received = this.#buffer.subarray(0, this.#end);
    const begin = this.#start + 1;
    const end = received.indexOf(endBlock, Math.max(begin, this.#searched));
    if ((end < 0 ? this.#end : end) - begin > this.#maxMessageBytes)
      return { kind: 'too-large', beginning: received.subarray(begin, begin + beginningBytes) };
    if (end < 0) {
      this.#searched = this.#end;
      return undefined;
    }
    this.#start = end + 1;
    return { kind: 'message', message: received.subarray(begin, end) };
  }

  /** A new buffer: the former one may still be read as a message. */
  #grow(more: number): void {
    const length = this.#end - this.#start;
    const larger = Buffer.allocUnsafe(Math.max(2 * length, length + more));
    this.#buffer.copy(larger, 0, this.#start, this.#end);
    this.#searched = Math.max(0, this.#searched - this.#start);
    [this.#buffer, this.#start, this.#end] = [larger, 0, length];
  }
}
