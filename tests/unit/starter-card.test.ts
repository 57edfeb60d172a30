import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { starterCard } from '../../scripts/starter/card.js';
import { readFigures } from '../../scripts/starter/figures-file.js';
import { loadModelVersion } from '../../src/registry/model-version.js';

const model = fileURLToPath(new URL('../../../models/starter', import.meta.url));
const [figures, version] = await Promise.all([readFigures(model), loadModelVersion(model)]);

describe('the card of the starter', () => {
  test('is what its figures say, letter by letter', () => {
    assert.equal(readFileSync(join(model, 'CARD.md'), 'utf8'), starterCard(figures, version.file));
  });

  test('its figures were measured with the weights that ship', () => {
    for (const kind of ['xray', 'ct'] as const) {
      const { weights } = version.file.networks[kind]!;
      assert.equal(
        figures[kind].weights,
        createHash('sha256')
          .update(readFileSync(join(model, weights!)))
          .digest('hex'),
      );
      assert.equal(figures[kind].gate.challenger, version.version);
    }
  });

  test('model.json and metrics.json show the same figures of the locked test set', () => {
    const metrics = JSON.parse(readFileSync(join(model, 'metrics.json'), 'utf8')) as Record<
      'xray' | 'ct',
      { auroc: Record<string, { value: number; interval: unknown }>; n: number }
    >;
    for (const kind of ['xray', 'ct'] as const) {
      const { findings, n } = figures[kind].test;
      const shown = version.figures[kind] as Record<string, { auroc: number; aurocInterval: unknown }>;
      assert.equal(metrics[kind].n, n);
      for (const [name, { auroc }] of Object.entries(findings)) {
        assert.deepEqual([shown[name]!.auroc, shown[name]!.aurocInterval], [auroc.value, auroc.interval], name);
        assert.deepEqual([metrics[kind].auroc[name]!.value, metrics[kind].auroc[name]!.interval], [auroc.value, auroc.interval], name);
      }
    }
  });

  test('made by the pipeline of the product, and small', () => {
    assert.equal(version.lineage?.dataset.name, 'published sets');
    const bytes = ['xray.safetensors', 'ct.safetensors'].reduce((sum, name) => sum + statSync(join(model, name)).size, 0);
    assert.ok(bytes <= 15_000_000, `${bytes} bytes`);
  });
});
