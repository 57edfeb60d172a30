import { availableParallelism, cpus, freemem, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { trainingBytes } from '../../src/engine/training-memory.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { exampleArchitecture } from '../unit/network-examples.js';
import { figure } from './history/figures.js';
import { goals } from './history/goals.js';
import { median } from './median.js';
import { startSide } from './other-side.js';

/** BENCH_NETWORKS=efficientnet-lite0 measures this only. */
const networks = ['resnet-34', 'densenet-121', 'mobilenet-v2', 'efficientnet-lite0', 'convnext-tiny'];
const size = 224;
const threads = availableParallelism();
/** A first step, which prepares memory, and those that count. */
const steps = 6;
const ours = fileURLToPath(new URL('./training-step.js', import.meta.url));
const theirs = fileURLToPath(new URL('../../../tests/oracles/network/bench_torch_train.py', import.meta.url));

export const title = 'Training';

/** Training steps (forward, backward, clipping, AdamW) of ours and of PyTorch in turns, each in a process of its own. */
export async function bench(): Promise<void> {
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${threads} threads, ${size} × ${size}, load ${loadavg()[0]!.toFixed(1)} at the start`,
  );
  console.log('| network | batch | trained | a step, ms | PyTorch | ratio | CPU ms | PyTorch | peak memory, MB | PyTorch |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const network of process.env.BENCH_NETWORKS?.split(',') ?? networks) {
    for (const batch of [8, 32]) for (const trainFrom of [2, 0]) console.log(`| ${(await row(network, batch, trainFrom)).join(' | ')} |`);
  }
}

async function row(network: string, batch: number, trainFrom: number): Promise<readonly (string | number)[]> {
  const head = [network, batch, trainFrom === 0 ? 'whole' : 'head'];
  const architecture = exampleArchitecture(network);
  const needed = trainingBytes(architecture, {
    layerGroups: layerGroups(architecture),
    trainFromGroup: trainFrom,
    frozenBatchNorms: 'still',
    batch,
    height: size,
    width: size,
  });
  // two processes side by side, of which only one computes; ours takes less than its estimate, the other less than ours
  if (1.5 * needed > freemem())
    return [...head, `not run: about ${((1.5 * needed) / 1e9).toFixed(0)} GB needed, ${(freemem() / 1e9).toFixed(0)} free`];
  const given = [network, batch, size, threads, trainFrom].map(String);
  const sides = [
    await startSide(process.execPath, [ours, ...given]),
    await startSide(process.env.BENCH_PYTHON ?? '/usr/bin/python3', [theirs, ...given]),
  ];
  const found = sides.map((): Step[] => []);
  for (let step = 0; step < steps; step++) {
    for (const [index, side] of sides.entries()) {
      if (!side) continue;
      const [ms, memoryMB, cpuMs] = (await side.turn()) as [number, number, number];
      found[index]!.push({ ms, memoryMB, cpuMs });
    }
  }
  for (const side of sides) await side?.end();
  const [own, torch] = found.map((list) => ({
    ms: median(list.slice(1).map(({ ms }) => ms)),
    cpu: list.length > 1 ? (list.at(-1)!.cpuMs - list[0]!.cpuMs) / (list.length - 1) : NaN,
    memory: Math.max(...list.map(({ memoryMB }) => memoryMB)),
  })) as [Figures, Figures];
  if (trainFrom === 0 && Number.isFinite(own.ms / torch.ms)) {
    const figures = {
      [`training step ${network} ${batch}`]: own.ms / torch.ms,
      [`training memory ${network} ${batch}`]: own.memory / torch.memory,
    };
    for (const [id, value] of Object.entries(figures)) if (goals.some((goal) => goal.id === id)) figure(id, value);
  }
  const text = (value: number, digits = 0): string => (Number.isFinite(value) ? value.toFixed(digits) : 'not here');
  return [
    ...head,
    text(own.ms),
    text(torch.ms),
    text(own.ms / torch.ms, 2),
    text(own.cpu),
    text(torch.cpu),
    text(own.memory),
    text(torch.memory),
  ];
}

interface Step {
  readonly ms: number;
  readonly memoryMB: number;
  /** Of the process since its start. */
  readonly cpuMs: number;
}

interface Figures {
  readonly ms: number;
  readonly cpu: number;
  readonly memory: number;
}
