import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { ComputeProcess } from '../../src/engine/compute-process.js';
import { FallbackEngine } from '../../src/engine/fallback-engine.js';
import { ForeignModelReader } from '../../src/engine/foreign/read-foreign.js';
import { ownFolders } from '../../src/engine/foreign/own-folders.js';
import { runtimeFor } from '../../src/engine/foreign/foreign-runtime.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { probeInput, probeNetwork } from '../../src/engine/probe-network.js';
import { TensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { phantomBatch } from './adopt-examples.js';

const fixtures = join(projectRoot, 'tests/fixtures/adopt');
const reader = new ForeignModelReader();
const description = { name: 'test', why: 'test' };
const onnx = (): OnnxEngine => new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description });
const engine = onnx();
after(() => Promise.all([reader.close(), engine.close()]));

test('a model of others whose process is killed is computed again at its next call, and no other network notices', async () => {
  const { graph, input } = await reader.read(join(fixtures, 'onnx/cnn-opset17.onnx'));
  const own = await engine.load(probeNetwork());
  const foreign = await engine.load(graph);
  const before = await foreign.predict(phantomBatch(input, 1));
  const victims = childrenOf(process.pid).filter((pid) => pid !== engine.pid);
  const readers = await reader.pids();
  const pending = foreign.predict(phantomBatch(input, 64));
  for (const pid of victims) if (!readers.includes(pid)) process.kill(pid, 'SIGKILL');
  await assert.rejects(pending, (error) => error instanceof Fault && error.code === 'engine-failed' && error.retryable);
  assert.ok((await own.predict(probeInput(1, 32))).logits.length > 0);
  assert.deepEqual((await foreign.predict(phantomBatch(input, 1))).logits, before.logits);
  await Promise.all([own.release(), foreign.release()]);
  await assert.rejects(foreign.predict(phantomBatch(input, 1)), /the network was released/);
});

test('a model of others that fails does not make its engine be replaced', async () => {
  const { graph, input } = await reader.read(join(fixtures, 'onnx/cnn-opset17.onnx'));
  let replaced = 0;
  const fallback = new FallbackEngine({
    engine: onnx(),
    others: [{ name: 'another', start: async () => (replaced++, onnx()) }],
    log: silentLog,
  });
  const foreign = await fallback.load({ ...graph, outputs: 5 });
  await assert.rejects(foreign.predict(phantomBatch(input, 1)), /expected 5 outputs, found 4/);
  await assert.rejects(fallback.load({ ...graph, files: new Map([['model.onnx', Buffer.from('no model')]]) }), /truncated|graph|wire type/);
  assert.equal(replaced, 0);
  await fallback.close();
});

test('either engine runs either format, and the one that is missing is named with its package', async () => {
  const { graph, input } = await reader.read(join(fixtures, 'onnx/hidden-layer.onnx'));
  const tensorflow = await TensorflowEngine.start({ backend: 'wasm', threads: 1 }, 'test');
  const predictor = await tensorflow.load(graph);
  assert.match((await predictor.predict(phantomBatch(input, 1))).engine!.name, /onnxruntime/);
  await predictor.release();
  await tensorflow.close();
  const nothing = (): string | undefined => undefined;
  assert.throws(
    () => runtimeFor('tfjs-layers', { threads: 1 }, { packageVersion: nothing }),
    (error) =>
      error instanceof Fault &&
      error.code === 'engine-unavailable' &&
      /needs @tensorflow\/tfjs-layers.*npm install .*@tensorflow\/tfjs-layers@4/.test(error.detail),
  );
});

test('a confined process has no network, reads no file outside this program, writes none and starts no process', async (context) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => void server.close());
  const child = new ComputeProcess({
    program: new URL('./adopt-confined-process.js', import.meta.url),
    arguments: [],
    environment: {},
    limits: { answerMs: 20_000, firstAnswerMs: 20_000 },
    confinement: { memoryMb: 512, readable: ownFolders },
  });
  const found = (await child.request({ port: (server.address() as AddressInfo).port }, 'what it may')) as Readonly<Record<string, string>>;
  await child.stop();
  assert.equal(found['own'], 'done');
  assert.match(found['dataSize']!, /^\d+$/);
  assert.ok(Number(found['dataSize']) < 2 ** 31);
  assert.match(found['memory']!, /allocation|memory/i);
  assert.match(found['variables']!, /^((PWD|OLDPWD|SHLVL|_|NODE_CHANNEL\w+),?)*$/);
  if (process.allowedNodeEnvironmentFlags.has('--permission'))
    for (const attempt of ['passwords', 'write', 'start']) assert.equal(found[attempt], 'ERR_ACCESS_DENIED');
  if (namespacesAllowed()) assert.match(found['network']!, /^E/);
  else context.diagnostic('this machine allows no network namespace: that the process has no network was not tested');
});

function namespacesAllowed(): boolean {
  return spawnSync('unshare', ['--map-root-user', '--net', 'true'], { stdio: 'ignore' }).status === 0;
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
