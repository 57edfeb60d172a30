import { availableParallelism, cpus, loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { InputBatch, NetworkWithWeights } from '../../src/engine/engine.js';
import { inferenceModel } from '../../src/engine/onnx/inference/inference-model.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { startSide } from './other-side.js';
import { figure } from './history/figures.js';
import { exampleArchitecture } from '../unit/network-examples.js';
import { seededImage, seededWeights } from '../unit/network-seeded.js';

/** One line of the table: milliseconds an image, medians. */
interface EngineBenchRow {
  readonly network: string;
  readonly batch: number;
  /** Our engine: its own thread, Grad-CAM and embedding included. */
  readonly engineMs: number;
  /** onnxruntime in the main thread on the same graph, with its own defaults, taken in turns with ours. */
  readonly bareMs: number;
  /** PyTorch in a process of its own on the same cores, in turns with ours; undefined where it is not installed. */
  readonly torchMs: number | undefined;
  /** The longest pause of the main thread during one batch of ours, milliseconds. */
  readonly stallMs: number;
}

/** BENCH_NETWORKS=convnext-tiny,mobilenet-v2 measures these only. */
const networks = ['starter', 'resnet-34', 'densenet-121', 'mobilenet-v2', 'efficientnet-lite0', 'convnext-tiny'];
const batches = [1, 8, 32];
const secondsPerRow = 10;
const threads = availableParallelism();
const torchScript = fileURLToPath(new URL('../../../tests/oracles/network/bench_torch.py', import.meta.url));

export const title = 'Inference';

/** Figures mean something only on a machine that does nothing else: the load is printed with them. */
export async function bench(): Promise<void> {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${threads} threads, load ${loadavg()[0]!.toFixed(1)} at the start`);
  const chosen = process.env.BENCH_NETWORKS?.split(',') ?? networks;
  console.log(engineBenchTable(await measure(chosen)));
  console.log(
    `peak memory of this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, with both sessions of a network and all batches`,
  );
}

async function measure(names: readonly string[]): Promise<readonly EngineBenchRow[]> {
  const engine = await startEngine({ prefer: 'onnx-cpu', threads });
  const rows: EngineBenchRow[] = [];
  for (const name of names) {
    const architecture = exampleArchitecture(name);
    const network = { architecture, tensors: seededWeights(architecture) };
    const predictor = await engine.load(network);
    const bare = await bareSession(network);
    for (const batch of batches) {
      const size = name === 'starter' ? 192 : 224;
      const input: InputBatch = {
        data: seededImage('bench', batch * architecture.inputChannels * size * size),
        batch,
        channels: architecture.inputChannels,
        height: size,
        width: size,
      };
      const stall = watchEventLoop();
      await predictor.predict(input);
      const stallMs = stall();
      const torch = await startSide(process.env.BENCH_PYTHON ?? '/usr/bin/python3', [
        torchScript,
        name,
        String(batch),
        String(size),
        String(threads),
      ]);
      const [engineMs, bareMs, torchMs] = await inTurns([
        () => predictor.predict(input),
        () => bare.predict(input),
        ...(torch ? [() => torch.turn()] : []),
      ]);
      await torch?.end();
      if (batch === 1) figure(`inference ${name} 1`, engineMs! / bareMs!);
      rows.push({
        network: name,
        batch,
        engineMs: engineMs! / batch,
        bareMs: bareMs! / batch,
        torchMs: torchMs === undefined ? undefined : torchMs / batch,
        stallMs,
      });
    }
    await Promise.all([predictor.release(), bare.release()]);
  }
  await engine.close();
  return rows;
}

function engineBenchTable(rows: readonly EngineBenchRow[]): string {
  const line = ({ network, batch, engineMs, bareMs, torchMs, stallMs }: EngineBenchRow): string => {
    const torch = torchMs === undefined ? ['not here', '–'] : [torchMs.toFixed(1), (engineMs / torchMs).toFixed(2)];
    return `| ${[network, batch, engineMs.toFixed(1), bareMs.toFixed(1), (engineMs / bareMs).toFixed(2), ...torch, stallMs.toFixed(0)].join(' | ')} |`;
  };
  return [
    '| network | batch | engine, ms/image | bare onnxruntime | ratio | PyTorch | ratio | main thread held up, ms |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(line),
  ].join('\n');
}

async function bareSession(network: NetworkWithWeights) {
  const session = await InferenceSession.create(inferenceModel(network), { executionProviders: ['cpu'], intraOpNumThreads: threads });
  return {
    predict: ({ data, batch, channels, height, width }: InputBatch) =>
      session.run({ input: new Tensor('float32', data, [batch, channels, height, width]) }),
    release: () => session.release(),
  };
}

/** Medians of milliseconds, the runs taken in turns so that what else the machine does falls on all alike. */
async function inTurns(runs: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> {
  const times = runs.map((): number[] => []);
  for (const run of runs) await run();
  const end = performance.now() + secondsPerRow * 1000;
  while (performance.now() < end || times[0]!.length < 5) {
    for (const [index, run] of runs.entries()) {
      // the threads of the one before, which may wait awake for more, have gone to sleep
      await setTimeout(20);
      const start = performance.now();
      await run();
      times[index]!.push(performance.now() - start);
    }
  }
  return times.map((list) => list.sort((one, other) => one - other)[list.length >> 1]!);
}

/** @returns a function that stops watching and gives the longest pause between two turns, in milliseconds */
function watchEventLoop(): () => number {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
}
