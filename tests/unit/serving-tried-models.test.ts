import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import type { Engine } from '../../src/engine/engine.js';
import { Fault } from '../../src/errors.js';
import { loadFindings } from '../../src/findings-config.js';
import { silentLog } from '../../src/log.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { openReader } from '../../src/serving/image-reader.js';
import { loadOntoEngine, startServing } from '../../src/serving/model-serving.js';
import { openTriedModels } from '../../src/serving/tried-models.js';
import { changedStarter } from '../support/changed-starter.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const config = loadConfig({});
const findings = loadFindings(config.findingsFile);
const starter = await loadModelVersion(twoFindingModel);
const reader = openReader(config, { xray: undefined, ct: undefined });
after(() => reader.close());

test('another version is on the engine while it is tried and for a while after; of two only the one in use; deployed ones are taken as they are', async () => {
  const registry = openRegistry(join(temporaryDirectory('tried'), 'models'));
  const [first, second, third] = [
    await registry.add(changedStarter(starter, '2026-11-24')),
    await registry.add(changedStarter(starter, '2026-11-25')),
    await registry.add(changedStarter(starter, '2026-11-26')),
  ];
  await registry.importFolder(starter.directory);
  await registry.putFirst(starter.version, { by: 'test', why: 'test', at: new Date() });
  await registry.challenge(third.version, { by: 'test', why: 'test', at: new Date() });
  let [loaded, released] = [0, 0];
  let isBroken = false;
  const engine: Engine = {
    description: { name: 'an engine of a test', why: 'the test' },
    async load() {
      if (isBroken) throw new Fault('engine-failed', 'out of memory');
      loaded++;
      return { predict: () => Promise.reject(new Error('not needed here')), release: async () => void released++ };
    },
  };
  const serving = startServing({
    registry,
    engine,
    findings,
    reader,
    first: { version: starter, model: await loadOntoEngine(starter, engine, findings) },
    watchIntervalMs: 60_000,
    log: silentLog,
  });
  await serving.refresh();
  const tried = openTriedModels({ lines: new Map([['default', { registry, serving }]]), engine, findings, reader, idleMs: 50 });
  try {
    // Two networks each: X-ray and CT.
    const deployed = loaded;
    assert.equal(deployed, 4);
    for (const version of [starter.version, third.version]) {
      const one = await tried.acquire(version);
      assert.equal(one.model.version, version);
      one.release();
    }
    assert.equal(loaded, deployed, 'champion and challenger are on the engine already');

    const [one, another] = await Promise.all([tried.acquire(first.version), tried.acquire(first.version)]);
    assert.equal(loaded, deployed + 2, 'loaded once for two uploads');
    one.release();
    one.release();
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.equal(released, 0, 'the other upload still uses it');
    another.release();
    await eventually('an unused version is released', () => assert.equal(released, 2));

    (await tried.acquire(first.version)).release();
    const next = await tried.acquire(second.version);
    await eventually('an unused version leaves memory for the next one', () => assert.equal(released, 4));
    assert.equal(next.model.version, second.version);
    next.release();
    await eventually('the next one is released', () => assert.equal(released, 6));

    isBroken = true;
    await assert.rejects(tried.acquire(first.version), (error) => error instanceof Fault && error.code === 'engine-failed');
    isBroken = false;
    (await tried.acquire(first.version)).release();
    await assert.rejects(tried.acquire('0123456789ab'), (error) => error instanceof Fault && error.code === 'model-unknown');
  } finally {
    await tried.close();
    await serving.close();
  }
  assert.equal(loaded, released);
});
