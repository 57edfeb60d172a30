import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRegistry } from '../../src/registry/registry.js';
import { revisedCandidate } from '../../src/registry/revise-version.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { tinyCandidate, tinyNetwork } from '../support/tiny-model.js';

test('a version with a fitted guard has the same weights, origin and lineage, and says in card and figures what was fitted', async () => {
  const registry = openRegistry(join(temporaryDirectory('revise'), 'models'));
  const { gate: fitted, ...withoutGate } = tinyNetwork();
  const adopted = { from: 'chest.pth', format: 'PyTorch state_dict', sha256: 'a'.repeat(64), at: '2026-11-29T12:00:00.000Z' };
  const base = tinyCandidate();
  const before = await registry.add({
    ...base,
    networks: { xray: withoutGate, ct: tinyNetwork() },
    lineage: { ...base.lineage, trainedOn: ['0'.repeat(32)] },
    adopted,
    inputPicture: Buffer.from('a picture'),
  });
  assert.equal(before.networks.xray!.gate, undefined);
  const revision = { created: '2026-11-30', codeVersion: '1', engine: 'test' };
  const after = await registry.add(
    await revisedCandidate(before, 'xray', {
      ...revision,
      gate: { ...fitted!, maxDistance: 7 },
      record: { name: 'guard', content: { images: 120 } },
      paragraph: '## Feature guard, xray\n\nFitted.',
    }),
  );
  assert.notEqual(after.version, before.version);
  assert.equal(after.networks.xray!.gate!.maxDistance, 7);
  assert.deepEqual(after.networks.xray!.network, before.networks.xray!.network);
  assert.deepEqual(after.networks.ct, before.networks.ct);
  assert.deepEqual(after.file.adopted, adopted);
  assert.deepEqual([after.lineage!.parent, after.lineage!.trainedOn], [before.version, ['0'.repeat(32)]]);
  assert.deepEqual(after.figures['guard'], { xray: { images: 120 } });
  assert.match(after.card, /# A model of a test\n\n## Feature guard/);

  const outputs = before.file.networks.xray!.outputs.map((one) => (one.kind === 'finding' ? { ...one, presentFrom: 0.6 } : one));
  const calibrated = await registry.add(
    await revisedCandidate(after, 'xray', {
      ...revision,
      outputs,
      record: { name: 'calibration', content: { images: 80 } },
      paragraph: '## Calibration',
    }),
  );
  assert.equal(calibrated.networks.xray!.gate!.maxDistance, 7, 'the guard stays');
  assert.deepEqual(calibrated.networks.xray!.outputs, outputs);
  assert.deepEqual(Object.keys(calibrated.figures), ['guard', 'calibration']);
  await assert.rejects(
    revisedCandidate({ ...before, networks: {} }, 'xray', { ...revision, record: { name: 'guard', content: {} }, paragraph: '' }),
    /expected a network for xray in version/,
  );
});
