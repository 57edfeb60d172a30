import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LoadFailures } from '../../src/serving/load-failures.js';
import { openReader } from '../../src/serving/image-reader.js';
import { openAnalyser } from '../../src/service/open-analyser.js';
import { loadOntoEngine, startLineServing, startServing } from '../../src/serving/model-serving.js';
import { loadConfig } from '../../src/config.js';
import type { Engine } from '../../src/engine/engine.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { Fault } from '../../src/errors.js';
import { loadFindings } from '../../src/findings-config.js';
import { silentLog, type Log } from '../../src/log.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { changedStarter } from '../support/changed-starter.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { descendantsOf } from '../support/processes.js';
import { limitHere } from '../support/machine-speed.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const reason = { by: 'test', why: 'test', at: new Date() };
const config = loadConfig({});
const findings = loadFindings(config.findingsFile);
const engine = await startEngine({ prefer: 'onnx-cpu', threads: 1 });
const starter = await loadModelVersion(twoFindingModel);
const reader = openReader(config, { xray: undefined, ct: undefined });
after(async () => {
  await reader.close();
  await engine.close();
});

test('D23: a champion that cannot be loaded is tried again after growing delays, logged once, and tried at once when the registry changes', async () => {
  const directory = temporaryDirectory('serving');
  const registry = openRegistry(join(directory, 'models'));
  const first = await registry.add(changedStarter(starter, '2026-11-24'));
  const second = await registry.add(changedStarter(starter, '2026-11-25'));
  await registry.promote(second.version, reason);
  const logged: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void logged.push(message), info: (message) => void logged.push(message) };
  let loads = 0;
  let working = false;
  const failing: Engine = {
    description: engine.description,
    load: (network) => {
      loads++;
      return working ? engine.load(network) : Promise.reject(new Fault('engine-failed', 'out of memory'));
    },
  };
  const watchIntervalMs = 30;
  const serving = startServing({
    registry,
    engine: failing,
    findings,
    reader,
    first: { version: starter, model: await loadOntoEngine(starter, engine, findings) },
    watchIntervalMs,
    log,
  });
  try {
    await eventually('it was tried more than once', () => assert.ok(loads >= 3), { intervalMs: 5 });
    const since = performance.now();
    const turns = 40;
    const before = loads;
    for (let turn = 0; turn < turns; turn++) await serving.refresh();
    const looked = performance.now() - since;
    // doubled each time: of so many looks hardly one may load
    assert.ok(loads - before <= 1 + Math.log2(1 + looked / watchIntervalMs), `${loads - before} loads in ${turns} looks`);
    assert.deepEqual(logged, ['the model version cannot be loaded; the previous one stays deployed']);
    assert.equal(serving.champion().version, starter.version);
    working = true;
    await registry.challenge(first.version, reason);
    await serving.refresh();
    assert.equal(serving.champion().version, second.version);
  } finally {
    await serving.close();
  }
});

test('D23: a challenger that cannot be loaded is logged once, too', async () => {
  const registry = openRegistry(join(temporaryDirectory('serving'), 'models'));
  const [first, second] = [
    await registry.add(changedStarter(starter, '2026-11-24')),
    await registry.add(changedStarter(starter, '2026-11-25', undefined, 'mystery')),
  ];
  await registry.promote(first.version, reason);
  await registry.challenge(second.version, reason);
  const logged: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void logged.push(message), info: (message) => void logged.push(message) };
  const serving = startServing({
    registry,
    engine,
    findings,
    reader,
    first: { version: first, model: await loadOntoEngine(first, engine, findings) },
    watchIntervalMs: 10_000,
    log,
  });
  try {
    for (let turn = 0; turn < 5; turn++) await serving.refresh();
    assert.deepEqual(logged, ['the model version cannot be loaded; the previous one stays deployed']);
  } finally {
    await serving.close();
  }
});

test('D23: the delay doubles from the watch interval to ten minutes', () => {
  let now = 0;
  const failures = new LoadFailures(2_000, () => now);
  const tries: number[] = [];
  for (; now < 3_600_000; now += 2_000) {
    if (!failures.mayTry('a', 1)) continue;
    tries.push(now);
    assert.equal(failures.failed('a', 1, 'out of memory'), tries.length === 1);
  }
  assert.deepEqual(tries.slice(0, 5), [0, 4_000, 12_000, 28_000, 60_000]);
  assert.equal(tries.at(-1)! - tries.at(-2)!, 600_000);
  assert.ok(failures.mayTry('a', 2));
  assert.ok(failures.failed('a', 1, 'another reason'));
  failures.loaded('a');
  assert.ok(failures.mayTry('a', 1));
});

test('D3: serving closes although the engine hangs', async () => {
  const before = new Set(descendantsOf(process.pid).map(({ pid }) => pid));
  const analyser = await openAnalyser({ ...config, engine: { ...config.engine, prefer: 'onnx-cpu' } }, silentLog, starter);
  process.kill(analyser.engine.pid!, 'SIGSTOP');
  const begin = performance.now();
  await analyser.close();
  // far less than the engine's own limits
  assert.ok(performance.now() - begin < limitHere(60_000));
  await eventually('nothing is left', () =>
    assert.deepEqual(
      descendantsOf(process.pid).filter(({ pid }) => !before.has(pid)),
      [],
    ),
  );
});

test('D23: a model that cannot be opened leaves neither engine nor decoders running', async () => {
  const before = new Set(descendantsOf(process.pid).map(({ pid }) => pid));
  const broken = {
    ...starter,
    networks: { xray: { ...starter.networks.xray!, network: { ...starter.networks.xray!.network, tensors: new Map() } } },
  };
  await assert.rejects(
    openAnalyser({ ...config, engine: { ...config.engine, prefer: 'onnx-cpu' } }, silentLog, broken),
    (error) => error instanceof Fault && error.code === 'model-invalid',
  );
  await eventually('nothing is left', () =>
    assert.deepEqual(
      descendantsOf(process.pid).filter(({ pid }) => !before.has(pid)),
      [],
    ),
  );
});

test('a line reports only the findings that it names, by its own thresholds; a finding that its model lacks is refused', async () => {
  const line = { findings: ['pneumonia'], thresholds: { pneumonia: { absentBelow: 0.01, presentFrom: 0.02 } } };
  const model = await loadOntoEngine(starter, engine, findings, line);
  const { width, height } = starter.networks.xray!.input;
  const [prediction] = await model.predictXrays([{ width, height, values: new Float32Array(width * height).fill(0.5), pixelAspect: 1 }]);
  assert.deepEqual(
    prediction!.findings.map(({ name, absentBelow, presentFrom }) => ({ name, absentBelow, presentFrom })),
    [{ name: 'pneumonia', absentBelow: 0.01, presentFrom: 0.02 }],
  );
  assert.equal(model.engine.name, engine.description.name);
  await model.release();
  await assert.rejects(
    loadOntoEngine(starter, engine, findings, { ...line, findings: ['nodule'] }),
    isFault('config-invalid', { detail: /pneumonia.*found nodule/ }),
  );
});

test('a line without a champion takes no part until one is promoted; readers of the same input are the same', async () => {
  const registry = openRegistry(join(temporaryDirectory('empty-line'), 'models'));
  const serving = startLineServing({ registry, engine, findings, reader, watchIntervalMs: 10_000, log: silentLog });
  try {
    await serving.refresh();
    assert.deepEqual([serving.champion(), serving.acquireChampion(), serving.failure()], [undefined, undefined, undefined]);
    const version = await registry.add(changedStarter(starter, '2026-11-29'));
    await registry.promote(version.version, reason);
    await serving.refresh();
    const acquired = serving.acquireChampion()!;
    assert.equal(acquired.model.version, version.version);
    assert.equal(acquired.reader, reader.forSizes({ xray: starter.networks.xray?.input, ct: starter.networks.ct?.input }));
    acquired.release();
  } finally {
    await serving.close();
  }
});
