import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { InputBatch, NetworkWithWeights } from '../../src/engine/engine.js';
import { inferenceModel } from '../../src/engine/onnx/inference-model.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { exampleArchitecture } from '../unit/network-examples.js';
import { seededImage, seededWeights } from '../unit/network-seeded.js';

/**
 * Milliseconds an image: our engine (its own thread, Grad-CAM included) beside bare onnxruntime on the same graph
 * with its own defaults, taken in turns, and beside PyTorch on the same cores where Debian's python3-torch is.
 *
 *     node dist/tests/bench/engine.js [network …]
 */
const names = process.argv.length > 2 ? process.argv.slice(2) : ['starter', 'resnet-34', 'densenet-121'];
const batches = [1, 8, 32];
const secondsPerRow = 8;
const threads = cpus().length;
const torchScript = fileURLToPath(new URL('../../../tests/oracles/network/bench_torch.py', import.meta.url));

interface Row {
  readonly network: string;
  readonly batch: number;
  readonly engineMs: number;
  readonly bareMs: number;
  readonly torchMs: number | undefined;
}

const engine = await startEngine({ prefer: 'onnx-cpu', threads });
console.log(`${engine.description.name}; ${cpus()[0]?.model ?? 'unknown processor'}, ${threads} cores, load ${loadavg()[0]!.toFixed(1)} at the start`);
console.log('| network | batch | engine ms/image | bare onnxruntime | ratio | PyTorch | ratio | longest stop of the event loop, ms |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const name of names) {
  const architecture = exampleArchitecture(name);
  const network = { architecture, tensors: seededWeights(architecture) };
  const predictor = await engine.load(network);
  const bare = await bareSession(network);
  for (const batch of batches) {
    const size = name === 'starter' ? 192 : 224;
    const input: InputBatch = { data: seededImage('bench', batch * architecture.inputChannels * size * size), batch, channels: architecture.inputChannels, height: size, width: size };
    const stall = watchEventLoop();
    await predictor.predict(input);
    const longestStall = stall();
    const [engineMs, bareMs] = await inTurns([() => predictor.predict(input), () => bare(input)]);
    report({ network: name, batch, engineMs: engineMs! / batch, bareMs: bareMs! / batch, torchMs: torchMilliseconds(name, batch, size) }, longestStall);
  }
  await predictor.release();
}
await engine.close();
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, both sessions and all batches`);

function report({ network, batch, engineMs, bareMs, torchMs }: Row, stall: number): void {
  const torch = torchMs === undefined ? ['not here', '–'] : [torchMs.toFixed(1), (engineMs / torchMs).toFixed(2)];
  console.log(`| ${[network, batch, engineMs.toFixed(1), bareMs.toFixed(1), (engineMs / bareMs).toFixed(2), ...torch, stall.toFixed(0)].join(' | ')} |`);
}

async function bareSession(network: NetworkWithWeights): Promise<(input: InputBatch) => Promise<unknown>> {
  const session = await InferenceSession.create(inferenceModel(network), { executionProviders: ['cpu'], intraOpNumThreads: threads });
  return ({ data, batch, channels, height, width }) => session.run({ input: new Tensor('float32', data, [batch, channels, height, width]) });
}

/** Medians of milliseconds, the runs taken in turns so that what else the machine does falls on all alike. */
async function inTurns(runs: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> {
  const times = runs.map((): number[] => []);
  for (const run of runs) await run();
  const end = performance.now() + secondsPerRow * 1000;
  while (performance.now() < end || times[0]!.length < 5) {
    for (const [index, run] of runs.entries()) {
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

function torchMilliseconds(name: string, batch: number, size: number): number | undefined {
  const { status, stdout } = spawnSync('/usr/bin/python3', [torchScript, name, String(batch), String(size), String(threads), String(secondsPerRow / 2)], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) / batch : undefined;
}
