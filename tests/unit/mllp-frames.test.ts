import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MllpFrames, type MllpFrame } from '../../src/hl7/mllp-frames.js';
import { framed } from '../support/mllp-sender.js';

/** The frames that are found while the bytes arrive in chunks of a size. */
function framesOf(bytes: Buffer, chunkSize: number, maxMessageBytes = 1_000): readonly MllpFrame[] {
  const frames = new MllpFrames(maxMessageBytes);
  const found: MllpFrame[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) {
    frames.add(bytes.subarray(at, at + chunkSize));
    for (let frame = frames.next(); frame; frame = frames.next()) {
      found.push(frame);
      if (frame.kind !== 'message') return found;
    }
  }
  return found;
}

const textsOf = (found: readonly MllpFrame[]): readonly string[] =>
  found.map((frame) => (frame.kind === 'message' ? frame.message.toString() : frame.kind));

test('messages are the same however the bytes are divided', () => {
  const texts = ['one', '', 'x'.repeat(1_000), 'Größe'];
  const bytes = Buffer.concat(texts.flatMap((text) => [framed(text), Buffer.from('\r\n')]));
  for (let size = 1; size <= bytes.length; size++) assert.deepEqual(textsOf(framesOf(bytes, size)), texts, `chunks of ${size}`);
});

test('a message that is handed out stays as it is when more arrives', () => {
  const frames = new MllpFrames(1_000);
  const bytes = Buffer.concat([framed('first'), Buffer.of(0x0b)]);
  for (const byte of bytes) frames.add(Buffer.of(byte));
  const first = frames.next();
  frames.add(Buffer.from('second'.repeat(50)));
  frames.add(Buffer.of(0x1c));
  assert.deepEqual(textsOf([first!, frames.next()!]), ['first', 'second'.repeat(50)]);
  assert.ok(frames.isEmpty);
});

test('a message over the limit is found before its end, whatever the chunks; what begins with another byte is no frame', () => {
  const bytes = Buffer.concat([framed('one'), framed('y'.repeat(1_001))]);
  for (let size = 1; size <= bytes.length; size++)
    assert.deepEqual(textsOf(framesOf(bytes, size)), ['one', 'too-large'], `chunks of ${size}`);
  assert.deepEqual(textsOf(framesOf(Buffer.from('GET /'), 2)), ['no-frame']);
  const [large] = framesOf(framed('z'.repeat(10_000)), 7_000);
  assert.ok(large?.kind === 'too-large' && large.beginning.equals(Buffer.alloc(4_096, 'z')));
});

test('the time for a large message in small chunks grows with its size only', () => {
  const bytes = framed(Buffer.alloc(2_000_000, 'x'));
  const started = performance.now();
  // Copying what has arrived at each of these 125,000 chunks would be 125 GB.
  assert.equal(framesOf(bytes, 16, bytes.length).length, 1);
  assert.ok(performance.now() - started < 5_000, `${Math.round(performance.now() - started)} ms`);
});
