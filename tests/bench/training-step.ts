import { createInterface } from 'node:readline';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { exampleArchitecture } from '../unit/network-examples.js';
import { seededImage, seededWeights } from '../unit/network-seeded.js';
import { peakMB, processorMs } from './process-family.js';

/**
 * The other side of bench_torch_train.py, started by engine-training.ts: training-step.js NETWORK BATCH SIZE THREADS TRAIN_FROM.
 * For every line on standard input takes one step and prints its milliseconds, the largest resident size in MB so far and the CPU's milliseconds, with the engine's process.
 */
const [name, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [batch, size, threads, trainFromGroup] = numbers.map(Number) as [number, number, number, number];
// also listed by the runner of benchmarks, which imports every file: without arguments there is nothing to do
if (trainFromGroup !== undefined) await serve();

async function serve(): Promise<void> {
  const architecture = exampleArchitecture(name);
  const { inputChannels: channels, outputs } = architecture;
  const engine = new OnnxEngine({ settings: { provider: 'cpu', threads }, description: { name: 'bench', why: 'bench' } });
  const trainer = await engine.startTrainer({
    network: { architecture, tensors: seededWeights(architecture) },
    objective: { kind: 'one-of-many' },
    batch,
    height: size,
    width: size,
    layerGroups: layerGroups(architecture),
    trainFromGroup,
    frozenBatchNorms: 'still',
    adamW: { beta2: 0.99, epsilon: 1e-5, weightDecay: 0.01 },
    maxGradientNorm: 1,
    seed: 1,
  });
  const data = seededImage('bench', batch * channels * size * size);
  const targets = Float32Array.from({ length: batch * outputs }, (_, index) =>
    Number(Math.floor(index / outputs) % outputs === index % outputs),
  );
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'end') break;
    const start = performance.now();
    await trainer.step(
      { input: { data, batch, channels, height: size, width: size }, targets },
      { learningRates: [1e-4, 1e-4, 1e-4], momentum: 0.9 },
    );
    const ms = performance.now() - start;
    // the engine computes in a process of its own
    console.log(`${ms} ${peakMB(process.pid)} ${processorMs(process.pid)}`);
  }
  await engine.close();
}
