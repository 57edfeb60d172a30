import { spawnSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { candidate, engineNames, type EngineName } from '../../src/engine/candidates.js';
import type { TrainerOptions, TrainingEngine } from '../../src/engine/trainer.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { enginesAtHand } from '../unit/engines-at-hand.js';
import { exampleArchitecture } from '../unit/network-examples.js';
import { seededImage, seededWeights } from '../unit/network-seeded.js';
import { median } from './median.js';

const networks = ['resnet-34', 'densenet-121'];
const batches = [1, 8];
const size = 224;
const threads = availableParallelism();
/** A step on WASM takes many seconds: at least so many repeats, and no more once the time is up. */
const fewest = 3;
const secondsPerRow = 6;
const torchScript = fileURLToPath(new URL('../../../tests/oracles/network/bench_torch.py', import.meta.url));

/** TensorFlow.js' backends beside onnxruntime's CPU provider and PyTorch, in the same run. */
export async function bench(): Promise<void> {
  const engines = await enginesAtHand(engineNames.filter((name) => name === 'onnx-cpu' || name.startsWith('tensorflow-')));
  const names = engines.flatMap((engine) => ('absent' in engine || engine.software ? [] : [engine.name]));
  for (const engine of engines)
    if (!names.includes(engine.name))
      console.log(`${engine.name}: not run (${'absent' in engine ? engine.absent : 'a GPU that is software'})`);
  console.log(`load ${loadavg()[0]!.toFixed(1)} at the start, ${threads} threads, ${size} × ${size}\n`);
  console.log(`| network | batch | what | ${names.join(' | ')} | PyTorch |\n| --- | --- | --- |${' --- |'.repeat(names.length + 1)}`);
  for (const network of networks) {
    for (const batch of batches) {
      const times: string[] = [];
      for (const name of names) times.push((await inference(name, network, batch)).toFixed(0));
      console.log(
        `| ${network} | ${batch} | image, ms | ${times.join(' | ')} | ${torchMilliseconds(network, batch)?.toFixed(0) ?? 'not here'} |`,
      );
    }
    for (const trainFromGroup of [2, 0]) {
      const times: string[] = [];
      for (const name of names) times.push((await step(name, network, trainFromGroup)).toFixed(1));
      console.log(`| ${network} | 8 | step ${trainFromGroup === 0 ? 'of the whole' : 'of the head'}, s | ${times.join(' | ')} | |`);
    }
  }
}

async function inference(name: EngineName, network: string, batch: number): Promise<number> {
  const engine = await candidate(name).start(threads, 'bench');
  const architecture = exampleArchitecture(network);
  const predictor = await engine.load({ architecture, tensors: seededWeights(architecture) });
  const input = { data: seededImage('bench', batch * 3 * size * size), batch, channels: 3, height: size, width: size };
  const milliseconds = await time(() => predictor.predict(input));
  await engine.close();
  return milliseconds / batch;
}

async function step(name: EngineName, network: string, trainFromGroup: number): Promise<number> {
  const engine = (await candidate(name).start(threads, 'bench')) as Awaited<ReturnType<ReturnType<typeof candidate>['start']>> &
    TrainingEngine;
  const architecture = exampleArchitecture(network);
  const batch = 8;
  const options: TrainerOptions = {
    network: { architecture, tensors: seededWeights(architecture) },
    objective: { kind: 'one-of-many' },
    batch,
    height: size,
    width: size,
    layerGroups: layerGroups(architecture),
    trainFromGroup,
    frozenBatchNorms: 'still',
    adamW: { beta2: 0.99, epsilon: 1e-5, weightDecay: 0.01 },
    seed: 1,
  };
  const trainer = await engine.startTrainer(options);
  const input = { data: seededImage('bench', batch * 3 * size * size), batch, channels: 3, height: size, width: size };
  const targets = Float32Array.from({ length: batch * architecture.outputs }, (_, index) => Number(index % architecture.outputs === 0));
  const milliseconds = await time(() => trainer.step({ input, targets }, { learningRates: [1e-5, 1e-5, 1e-4], momentum: 0.9 }));
  await engine.close();
  return milliseconds / 1000;
}

/** Median milliseconds, the first call left out. */
async function time(work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  const end = performance.now() + secondsPerRow * 1000;
  while (times.length < fewest || performance.now() < end) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

function torchMilliseconds(network: string, batch: number): number | undefined {
  const { status, stdout } = spawnSync(
    '/usr/bin/python3',
    [torchScript, network, String(batch), String(size), String(threads), String(secondsPerRow / 2)],
    { encoding: 'utf8' },
  );
  return status === 0 ? Number(stdout) / batch : undefined;
}
