import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { modalityMapping } from '../../src/pixels/modality-lut.js';
import { voiMappings, windowMapping, windowsOf } from '../../src/pixels/window.js';
import type { Window } from '../../src/pixels/window.js';

/** Made by tests/oracles/pixels/make_luts.py: pydicom's apply_windowing, apply_modality_lut, apply_voi. */
interface Case {
  readonly kind: 'window' | 'modality' | 'voi';
  readonly window?: Window;
  readonly dataSet?: DataSet;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const cases = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/pixels/luts.json'), 'utf8')) as readonly Case[];

function mappingOf(one: Case): (value: number) => number {
  if (one.kind === 'window') return windowMapping(one.window!);
  return one.kind === 'modality' ? modalityMapping(one.dataSet!) : voiMappings(one.dataSet!)[0]!;
}

for (const kind of ['window', 'modality', 'voi'] as const) {
  const group = cases.filter((one) => one.kind === kind);
  test(`${kind}: equal to pydicom on ${group.length} cases`, () => {
    for (const one of group) {
      const mapping = mappingOf(one);
      one.x.forEach((x, i) =>
        assert.ok(
          Math.abs(mapping(x) - one.y[i]!) < 1e-8,
          `${JSON.stringify(one.window ?? one.kind)}: ${x} → ${mapping(x)}, pydicom ${one.y[i]}`,
        ),
      );
    }
  });
}

test('LUT data as words, as bytes and as numbers mean the same', () => {
  const numbers = { LUTDescriptor: [4, 10, 8], LUTData: [0, 50, 100, 255] };
  const words = { ...numbers, LUTData: Uint8Array.of(0, 0, 50, 0, 100, 0, 255, 0) };
  const bytes = { ...numbers, LUTData: Uint8Array.of(0, 50, 100, 255) };
  for (const item of [numbers, words, bytes]) {
    assert.deepEqual([9, 10, 11, 12, 13, 99].map(modalityMapping({ ModalityLUTSequence: [item] })), [0, 0, 50, 100, 255, 255]);
  }
});

test('a table of 65536 entries is written with a count of 0, and one above 32767 may look negative', () => {
  const entries = Array.from({ length: 65536 }, (_, i) => i);
  assert.equal(modalityMapping({ ModalityLUTSequence: [{ LUTDescriptor: [0, 0, 16], LUTData: entries }] })(60000), 60000);
  assert.equal(
    modalityMapping({ ModalityLUTSequence: [{ LUTDescriptor: [-25536, 0, 16], LUTData: entries.slice(0, 40000) }] })(39999),
    39999,
  );
});

test('windows that make no sense are left out; the first that does counts', () => {
  assert.deepEqual(windowsOf({ WindowCenter: [40, 50, 'x'], WindowWidth: [0, 400] }), [{ center: 50, width: 400, shape: 'LINEAR' }]);
  assert.deepEqual(voiMappings({ WindowCenter: 40, WindowWidth: -5 }), []);
  assert.deepEqual(voiMappings({}), []);
  assert.equal(
    voiMappings({ VOILUTSequence: [{ LUTDescriptor: [2, 0, 8], LUTData: [0, 255] }], WindowCenter: [1, 2], WindowWidth: [2, 3] }).length,
    3,
  );
});
