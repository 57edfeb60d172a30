import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedSystems } from '../../src/assessments/accepted-systems.js';
import { loadConfig } from '../../src/config.js';
import type { Log } from '../../src/log.js';
import type { Store } from '../../src/store/store.js';

/** An installation: what its index contains and what was decided for it before. */
function installation(ofOtherSystems: number) {
  const kept = new Map<string, unknown>();
  const warnings: string[] = [];
  const index = { ofOtherSystems };
  const store = {
    assessments: { countOfOtherSystems: async () => index.ofOtherSystems },
    retraining: { keepFirst: async (name: string, value: unknown) => (kept.has(name) ? kept.get(name) : (kept.set(name, value), value)) },
  } as unknown as Store;
  const log = { warn: (message: string) => void warnings.push(message) } as unknown as Log;
  return {
    index,
    warnings,
    start: (acceptFrom?: string[]) =>
      acceptedSystems({ assessments: { verifiers: [], hideOthersUntilAssessed: true, acceptFrom } }, store, log),
  };
}

test('D15: without the setting a new installation accepts only what was stored with a login, also when such assessments are there later', async () => {
  assert.equal(loadConfig({}).assessments.acceptFrom, undefined, 'the shipped configuration does not set it');
  const { index, warnings, start } = installation(0);
  assert.deepEqual(await start(), ['http']);
  index.ofOtherSystems = 12;
  assert.deepEqual(await start(), ['http']);
  assert.deepEqual(warnings, []);
});

test('D15: an installation with labels of other systems goes on to accept every system, and warns until the setting is given', async () => {
  const { warnings, start } = installation(3);
  assert.deepEqual(await start(), ['*']);
  assert.deepEqual(await start(), ['*']);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /acceptFrom is not set/);
  assert.deepEqual(await start(['READING1', 'http']), ['READING1', 'http']);
  assert.equal(warnings.length, 2);
});

test('D15: every system may be accepted, with a warning', async () => {
  const { warnings, start } = installation(0);
  assert.deepEqual(await start(['*']), ['*']);
  assert.match(warnings[0]!, /list the AE titles/);
});
