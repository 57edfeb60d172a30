import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { Fault } from '../../src/errors.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { exampleArchitecture, goldenForward, relativeError } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 2 }, description: { name: 'test', why: 'test' } });
after(() => engine.close());

const starter = () => {
  const architecture = exampleArchitecture('starter');
  return { architecture, tensors: seededWeights(architecture) };
};
const picture = (name: string) => ({ data: seededImage(name, 96 * 96), batch: 1, channels: 1, height: 96, width: 96 });

test('every picture of a batch gets what it gets alone', async () => {
  const predictor = await engine.load(starter());
  const whole = await predictor.predict({ data: seededImage('input', 2 * 96 * 96), batch: 2, channels: 1, height: 96, width: 96 });
  const second = await predictor.predict({ ...picture('input'), data: seededImage('input', 2 * 96 * 96).subarray(96 * 96) });
  assert.ok(relativeError(whole.logits.subarray(3), second.logits) < 1e-6);
  assert.ok(relativeError(whole.logits, goldenForward().networks['starter']!.logits) < 1e-4);
  await predictor.release();
});

test('calls that overlap, on two networks, each get their own answer, and the input stays the caller’s', async () => {
  const [one, other] = [
    await engine.load(starter()),
    await engine.load({
      ...starter(),
      tensors: new Map([...starter().tensors, ['fc.bias', { shape: [3], data: Float32Array.of(7, 8, 9) }]]),
    }),
  ];
  const inputs = Array.from({ length: 6 }, (_, index) => picture(`picture ${index}`));
  const together = await Promise.all(inputs.flatMap((input) => [one.predict(input), other.predict(input)]));
  for (const [index, input] of inputs.entries()) {
    assert.equal(input.data.length, 96 * 96);
    assert.deepEqual(together[2 * index]!.logits, (await one.predict(input)).logits);
    assert.deepEqual(together[2 * index + 1]!.logits, (await other.predict(input)).logits);
  }
  await Promise.all([one.release(), other.release()]);
});

test('the event loop goes on while the engine computes', async () => {
  const architecture = exampleArchitecture('resnet-18');
  const predictor = await engine.load({ architecture, tensors: seededWeights(architecture) });
  const input = { data: seededImage('large', 8 * 3 * 224 * 224), batch: 8, channels: 3, height: 224, width: 224 };
  await predictor.predict(input);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const start = performance.now();
  await predictor.predict(input);
  const milliseconds = performance.now() - start;
  clearInterval(timer);
  // in the main thread there would be no turn at all; how many there are depends on how busy the machine is
  assert.ok(turns > milliseconds / 50, `${turns} turns in ${milliseconds.toFixed(0)} ms`);
  await predictor.release();
});

test('weights of another architecture are refused before the engine sees them', async () => {
  const { tensors } = starter();
  await assert.rejects(
    engine.load({ architecture: exampleArchitecture('resnet-18'), tensors }),
    (error) =>
      error instanceof Fault &&
      error.code === 'model-invalid' &&
      /tensor conv1.weight: expected shape \[64, 3, 7, 7\], found \[32, 1, 7, 7\]/.test(error.message),
  );
});

test('an input of the wrong shape is a bug, named as such', async () => {
  const predictor = await engine.load(starter());
  await assert.rejects(predictor.predict({ ...picture('x'), channels: 3 }), RangeError);
  await assert.rejects(predictor.predict({ ...picture('x'), height: 95 }), RangeError);
  await predictor.release();
});

test('what onnxruntime refuses becomes a fault, and the engine goes on', async () => {
  const predictor = await engine.load(starter());
  const tiny = { data: new Float32Array(1), batch: 1, channels: 1, height: 1, width: 1 };
  const wrong = await engine
    .load({ ...starter(), architecture: { ...starter().architecture, embedding: 'nowhere' } })
    .catch((error: unknown) => error);
  assert.ok(wrong instanceof Fault && wrong.code === 'engine-failed', String(wrong));
  await predictor.predict(tiny);
  await predictor.predict(picture('x'));
  await predictor.release();
  const late = await predictor.predict(picture('x')).catch((error: unknown) => error);
  assert.ok(late instanceof Fault && late.code === 'engine-failed');
});

test('values that are not finite are a fault, not a finding that is absent', async () => {
  const predictor = await engine.load(starter());
  await assert.rejects(
    predictor.predict({ ...picture('x'), data: new Float32Array(96 * 96).fill(1e38) }),
    (error) => error instanceof Fault && error.code === 'engine-failed',
  );
  await predictor.release();
});

test('an engine that was closed says so', async () => {
  const short = new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description: { name: 'test', why: 'test' } });
  const predictor = await short.load(starter());
  const running = predictor.predict(picture('x')).then(
    () => 'answered',
    (error: unknown) => (error as Fault).code,
  );
  await short.close();
  assert.ok(['answered', 'engine-failed'].includes(await running));
  await assert.rejects(predictor.predict(picture('x')), (error) => error instanceof Fault && /process ended: stopped/.test(error.message));
});

test('a process that exits while the engine computes exits as it was told to', async () => {
  const script = `
    const { OnnxEngine } = await import(${JSON.stringify(new URL('../../src/engine/onnx/onnx-engine.js', import.meta.url).href)});
    const { probeNetwork, probeInput } = await import(${JSON.stringify(new URL('../../src/engine/probe-network.js', import.meta.url).href)});
    const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description: { name: '', why: '' } });
    const predictor = await engine.load(probeNetwork());
    for (let i = 0; i < 20; i++) void predictor.predict(probeInput());
    setTimeout(() => process.exit(7), 60);`;
  const { code, signal } = (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).catch(
    (error: { code?: number; signal?: string }) => error,
  )) as { code?: number; signal?: string | null };
  assert.deepEqual({ code, signal }, { code: 7, signal: null });
});
