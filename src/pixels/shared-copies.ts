import { setImmediate } from 'node:timers/promises';

/** Files up to this size are copied at once and handed over to a thread: a few milliseconds. */
export const handedOver = 8 << 20;

/**
 * Copies of large files in memory that all decoder threads see: made once however many frames are asked for, piece by piece so
 * that the event loop goes on meanwhile, and gone with the bytes that they were made of.
 */
export class SharedCopies {
  private readonly copies = new WeakMap<Uint8Array, Promise<Uint8Array>>();

  of(bytes: Uint8Array): Promise<Uint8Array> {
    let copy = this.copies.get(bytes);
    if (!copy) this.copies.set(bytes, (copy = copied(bytes)));
    return copy;
  }
}

async function copied(bytes: Uint8Array): Promise<Uint8Array> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  for (let at = 0; at < bytes.length; at += handedOver) {
    copy.set(bytes.subarray(at, at + handedOver), at);
    await setImmediate();
  }
  return copy;
}
