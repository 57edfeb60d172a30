import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AnswerPace, RunningTimer } from '../../src/engine/answer-limits.js';
import { candidate, type StartedEngine } from '../../src/engine/candidates.js';
import { childEnvironment } from '../../src/lib/child-environment.js';
import { FallbackEngine } from '../../src/engine/fallback-engine.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { eventually } from '../support/eventually.js';
import { exampleArchitecture } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

const architecture = exampleArchitecture('starter');
const network = { architecture, tensors: seededWeights(architecture) };
const picture = { data: seededImage('x', 96 * 96), batch: 1, channels: 1, height: 96, width: 96 };
const description = { name: 'test', why: 'test' };
/** Short for what hangs, long enough for a fresh process of a busy machine to load a small network. */
const limits = { answerMs: 4_000, firstAnswerMs: 20_000 };
const engineOf = (more: Partial<ConstructorParameters<typeof OnnxEngine>[0]> = {}) =>
  new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description, limits, ...more });
const successor = { name: 'onnx-cpu', start: async (why: string) => engineOf({ description: { name: 'successor', why } }) };
const isFault = (pattern: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === 'engine-failed' && error.retryable && pattern.test(error.message);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Hangs at every prediction, or dies of it; its limits are over soon. */
const broken = (how: 'hanging' | 'dying') =>
  engineOf({ limits: { answerMs: 300, firstAnswerMs: 1_500 }, program: new URL(`../support/${how}-engine.js`, import.meta.url) });

test('D3: an engine that does not answer in time is a fault that can pass, says for what, and its process is gone', async () => {
  const engine = engineOf();
  const predictor = await engine.load(network);
  await predictor.predict(picture);
  const pid = engine.pid!;
  process.kill(pid, 'SIGSTOP');
  const running = [predictor.predict(picture), predictor.predict(picture)];
  await eventually('it is seen to stall before its time is over', () => assert.ok(engine.stalled));
  for (const answer of running)
    await assert.rejects(answer, isFault(/the engine's process ended: no answer within \d.* \(a prediction of 1 × 1 × 96 × 96 values\)/));
  await eventually('its process is gone', () => assert.ok(!isAlive(pid)));
  assert.equal(engine.stalled, false);
  await assert.rejects(predictor.predict(picture), isFault(/no answer within/));
  await engine.close();
});

test('D3: where there is no other engine the same is started afresh, as often as it takes, and every call is answered', async () => {
  const told: unknown[] = [];
  const log = { ...silentLog, error: (message: string) => void told.push(message) };
  const engine = new FallbackEngine({ engine: engineOf(), others: [], again: successor, log });
  const predictor = await engine.load(network);
  const { logits } = await predictor.predict(picture);
  for (const signal of ['SIGSTOP', 'SIGKILL', 'SIGSEGV'] as const) {
    process.kill(engine.pid!, signal);
    const answers = await Promise.all([1, 2, 3].map(() => predictor.predict(picture)));
    for (const answer of answers) assert.deepEqual(answer.logits, logits);
    assert.equal(engine.condition, 'computes');
  }
  assert.deepEqual(told, Array(3).fill('engine lost, another took over'));
  await engine.close();
});

test('D3: native code that never returns is left behind for the next engine', async () => {
  const engine = new FallbackEngine({ engine: broken('hanging'), others: [successor], log: silentLog });
  const predictor = await engine.load(network);
  const answer = await predictor.predict(picture);
  assert.equal(answer.engine!.name, 'successor');
  assert.match(answer.engine!.why, /^In place of test, which was lost \(the engine's process ended: no answer within/);
  await engine.close();
});

test('D3: a TensorFlow.js process that hangs is replaced', {
  skip: candidate('tensorflow-wasm').installed ? false : 'TensorFlow.js is not installed',
}, async () => {
  const first = await candidate('tensorflow-wasm').start(1, 'test', { limits });
  const engine = new FallbackEngine({ engine: first, others: [successor], log: silentLog });
  const predictor = await engine.load(network);
  const before = await predictor.predict(picture);
  process.kill(first.pid!, 'SIGSTOP');
  const after = await predictor.predict(picture);
  assert.match(before.engine!.name, /^TensorFlow/);
  assert.equal(after.engine!.name, 'successor');
  for (const [index, value] of after.logits.entries()) assert.ok(Math.abs(value - before.logits[index]!) < 1e-4);
  await eventually('its process is gone', () => assert.ok(!isAlive(first.pid!)));
  await engine.close();
});

test('D3: a call that every engine dies of is a fault after a few, and the engine is there for the next call', async () => {
  let started = 0;
  const again = { name: 'dies', start: async () => (++started < 3 ? broken('dying') : engineOf()) };
  const engine = new FallbackEngine({ engine: broken('dying'), others: [], again, log: silentLog });
  const predictor = await engine.load(network);
  await assert.rejects(predictor.predict(picture), isFault(/the engine's process ended: by SIGKILL/));
  assert.equal(started, 3);
  assert.equal((await predictor.predict(picture)).engine!.name, 'test');
  await engine.close();
});

test('D3: without anything that starts the engine is lost, and found again as soon as something does', async () => {
  let room = false;
  const again = { name: 'again', start: async (why: string) => (room ? successor.start(why) : Promise.reject(new Error('no memory'))) };
  const engine = new FallbackEngine({ engine: engineOf(), others: [], again, log: silentLog });
  const predictor = await engine.load(network);
  process.kill(engine.pid!, 'SIGKILL');
  await assert.rejects(predictor.predict(picture), isFault(/no other engine starts/));
  assert.equal(engine.condition, 'lost');
  room = true;
  assert.equal((await predictor.predict(picture)).engine!.name, 'successor');
  assert.equal(engine.condition, 'computes');
  await engine.close();
});

test('D23: a network that is being loaded while the engine is replaced is on the new engine', async () => {
  const first = engineOf();
  let pass = (): void => undefined;
  const gate = new Promise<void>((resolve) => (pass = resolve));
  // the second network is loaded and, before the caller hears of it, the engine is lost and replaced
  let loads = 0;
  const slow: StartedEngine = {
    description,
    load: async (given) => {
      const predictor = await first.load(given);
      if (++loads === 2) await gate;
      return predictor;
    },
    close: () => first.close(),
  };
  const engine = new FallbackEngine({ engine: slow, others: [successor], log: silentLog });
  const one = await engine.load(network);
  const loading = engine.load(network);
  await eventually('it is being loaded', () => assert.equal(loads, 2));
  process.kill(first.pid!, 'SIGKILL');
  assert.equal((await one.predict(picture)).engine!.name, 'successor');
  pass();
  const two = await loading;
  assert.equal((await two.predict(picture)).engine!.name, 'successor');
  await two.release();
  await assert.rejects(two.predict(picture), (error) => error instanceof Fault && error.code === 'engine-failed');
  assert.equal((await one.predict(picture)).engine!.name, 'successor');
  await engine.close();
});

test('the limit of an answer follows what the same work took before', () => {
  const pace = new AnswerPace({ answerMs: 1_000, firstAnswerMs: 9_000 });
  const work = (units: number) => ({ key: 'predict 1', units });
  assert.equal(pace.limitOf(undefined), 9_000);
  assert.equal(pace.limitOf(work(10)), 9_000);
  pace.answered(work(10), 100);
  assert.equal(pace.limitOf(work(10)), 2_000);
  assert.equal(pace.limitOf(work(80)), 16_000);
  pace.answered(work(10), 1);
  assert.equal(pace.limitOf(work(10)), 2_000);
  assert.equal(pace.limitOf(work(1)), 1_000);
  assert.equal(pace.limitOf({ key: 'predict 2', units: 10 }), 9_000);
  pace.forget(['predict 1']);
  assert.equal(pace.limitOf(work(10)), 9_000);
});

test('time in which this process did not run (a machine that slept, a paused container) is no time of the engine', async () => {
  let expired: number | undefined;
  const timer = new RunningTimer(400, (elapsedMs) => (expired = elapsedMs));
  await new Promise((resolve) => setTimeout(resolve, 50));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 1)));
  assert.equal(expired, undefined);
  assert.ok(timer.elapsedMs < 400);
  await eventually('it expires', () => assert.ok(expired !== undefined && expired >= 400));
});

test('an engine’s process gets nothing of the environment but what its libraries look for', async () => {
  process.env['ORTHANC_PASSWORD'] = 'secret';
  try {
    assert.equal(childEnvironment()['ORTHANC_PASSWORD'], undefined);
    const engine = engineOf();
    await engine.load(network);
    assert.doesNotMatch(readFileSync(`/proc/${engine.pid}/environ`, 'utf8'), /secret|ORTHANC/);
    assert.ok(readFileSync(`/proc/${engine.pid}/cmdline`, 'utf8').length < 1_000);
    await engine.close();
  } finally {
    delete process.env['ORTHANC_PASSWORD'];
  }
});
