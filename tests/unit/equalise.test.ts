import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equaliseGrey } from '../../src/pixels/equalise.js';
import { networkInput } from '../../src/pixels/network-input.js';
import { inputSchema } from '../../src/registry/input-file.js';

const ramp = Float32Array.from({ length: 64 * 64 }, (_, index) => ((index % 64) / 63) * 0.9 + 0.05);

describe('equalisation', () => {
  test('each grey value becomes the middle of its ranks', () => {
    const values = equaliseGrey(Float32Array.of(0.1, 0.1, 0.5, 0.9), { most: 1 });
    assert.deepEqual([...values], [0.25, 0.25, 0.625, 0.875]);
    assert.deepEqual([...equaliseGrey(Uint8Array.of(0, 0, 200, 200), { most: 255 })], [63.75, 63.75, 191.25, 191.25]);
    const half = equaliseGrey(Float32Array.of(0.5, 0.5), { most: 1, share: 0.5 });
    assert.deepEqual([...half], [0.5, 0.5]);
  });

  test('a network input with equalise does not see gamma or contrast', () => {
    const input = { width: 32, height: 32, channels: 1, normalization: 'per-image', equalise: true } as const;
    const picture = (values: Float32Array) => networkInput({ width: 64, height: 64, values, pixelAspect: 1 }, input);
    const plain = picture(ramp);
    const changed = picture(ramp.map((value) => 0.2 + 0.6 * value ** 1.7));
    assert.ok(Math.max(...plain.map((value, index) => Math.abs(value - changed[index]!))) < 0.05);
    const without = networkInput(
      { width: 64, height: 64, values: ramp.map((value) => value ** 3), pixelAspect: 1 },
      { ...input, equalise: false },
    );
    assert.ok(Math.max(...plain.map((value, index) => Math.abs(value - without[index]!))) > 0.3);
  });

  test('model.json states it', () => {
    const input = { width: 128, height: 128, channels: 1, resize: 'bilinear-antialias', equalise: true, normalization: 'per-image' };
    assert.deepEqual(inputSchema.parse(input), input);
  });
});
