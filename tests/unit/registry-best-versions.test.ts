import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import type { AliasState } from '../../src/registry/alias-log.js';
import { bestVersions, loadVersions } from '../../src/registry/best-versions.js';
import type { ChangeRecord } from '../../src/registry/change-record.js';
import type { Registry } from '../../src/registry/registry.js';

type Step = readonly [action: AliasState['action'], champion: string, changeRecord?: string];

interface Figures {
  readonly version: string;
  readonly auroc: Readonly<Record<string, number | null>>;
  readonly testSet?: string;
  readonly network?: string;
}

function registryOf(steps: readonly Step[], figures: readonly (Figures | Fault)[]): Pick<Registry, 'history' | 'changes' | 'change'> {
  const history = steps.map(
    ([action, champion, changeRecord], index): AliasState => ({
      revision: index + 1,
      action,
      champion,
      challenger: null,
      previous: steps[index - 1]?.[1] ?? null,
      at: '2026-01-31T02:00:00Z',
      by: 'test',
      why: 'test',
      ...(changeRecord ? { changeRecord } : {}),
    }),
  );
  const report = ({ version, auroc, testSet = 'locked', network = 'xray' }: Figures): unknown => ({
    model: { name: 'm', version, deviceUID: '2.25.1', network },
    dataset: { name: testSet, split: null },
    auroc: Object.fromEntries(Object.entries(auroc).map(([name, value]) => [name, { value, interval: null }])),
  });
  return {
    history: async () => history,
    changes: async () => figures.map((_, index) => String(index)),
    async change(id) {
      const one = figures[Number(id)]!;
      if (one instanceof Fault) throw one;
      return { figures: { challenger: report(one), champion: null } } as unknown as ChangeRecord;
    },
  };
}

const query = { kind: 'xray', testSet: 'locked' } as const;

test('D7: the best version of each finding is found among the champions so far, by the figures of the change records', async () => {
  const steps: Step[] = [
    ['first', 'v0'],
    ['promote', 'v1', 'r1'],
    ['challenge', 'v1'],
    ['promote', 'v2', 'r2'],
    ['promote', 'v3', 'r3'],
  ];
  const figures = [
    { version: 'v0', auroc: { pneumonia: 0.8, edema: 0.95 } },
    { version: 'v1', auroc: { pneumonia: 0.9, edema: 0.7 } },
    { version: 'v2', auroc: { pneumonia: 0.88, edema: null } },
    { version: 'v3', auroc: { pneumonia: 0.86, edema: 0.7 } },
    // never promoted, another test set, another kind of image, not readable: none of them counts
    { version: 'refused', auroc: { pneumonia: 0.99 } },
    { version: 'v2', auroc: { pneumonia: 0.99 }, testSet: 'other' },
    { version: 'v2', auroc: { pneumonia: 0.99 }, network: 'ct' },
    new Fault('model-invalid', 'expected a change record of this release, found no JSON'),
  ];
  assert.deepEqual(await bestVersions(registryOf(steps, figures), { ...query, champion: 'v3' }), ['v0', 'v1']);
  assert.deepEqual(await bestVersions(registryOf(steps, figures.slice(2)), { ...query, champion: 'v3' }), ['v2']);
  assert.deepEqual(await bestVersions(registryOf(steps, []), { ...query, champion: 'v3' }), []);
  assert.deepEqual(await bestVersions(registryOf(steps, figures)), ['v0', 'v1', 'v2']);
});

test('D7: a promotion without the gate begins anew, and a version that was rolled back is not compared', async () => {
  const figures = ['v0', 'v1', 'v2', 'v3'].map((version, index) => ({ version, auroc: { pneumonia: 0.9 - index / 100 } }));
  const ungated: Step[] = [
    ['first', 'v0'],
    ['promote', 'v1', 'r1'],
    ['promote', 'v2'],
    ['promote', 'v3', 'r3'],
  ];
  assert.deepEqual(await bestVersions(registryOf(ungated, figures), { ...query, champion: 'v3' }), ['v2']);
  const rolledBack: Step[] = [
    ['first', 'v1'],
    ['promote', 'v0', 'r0'],
    ['rollback', 'v1'],
    ['promote', 'v2', 'r2'],
  ];
  assert.deepEqual(await bestVersions(registryOf(rolledBack, figures), { ...query, champion: 'v2' }), ['v1']);
});

test('D7: a best version that cannot be loaded is named, any other fault is thrown', async () => {
  const missing = new Fault('model-unknown', 'expected a version that `models list` shows, found v1');
  const { versions, missing: named } = await loadVersions({ load: () => Promise.reject(missing) }, ['v1']);
  assert.deepEqual(versions, []);
  assert.equal(named[0]!.version, 'v1');
  await assert.rejects(loadVersions({ load: () => Promise.reject(new Fault('disk-full', 'no room')) }, ['v1']), /no room/);
});
