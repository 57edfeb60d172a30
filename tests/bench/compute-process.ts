import { ComputeProcess } from '../../src/engine/compute-process.js';
import { defaultAnswerLimits } from '../../src/engine/answer-limits.js';
import type { InputBatch, Prediction } from '../../src/engine/engine.js';
import { childEnvironment } from '../../src/lib/child-environment.js';
import { median } from './median.js';

/** A message as large as that of a real prediction or training step. */
interface Load {
  readonly name: string;
  readonly channels: number;
  readonly side: number;
  readonly batch: number;
  /** Side of the activation maps, and the values of the penultimate layer; 0 where only a loss comes back. */
  readonly mapSide: number;
  readonly features: number;
  readonly outputs: number;
}

const loads: readonly Load[] = [
  { name: 'starter', channels: 1, side: 192, batch: 1, mapSide: 24, features: 128, outputs: 3 },
  { name: 'starter', channels: 1, side: 192, batch: 8, mapSide: 24, features: 128, outputs: 3 },
  { name: 'resnet-34', channels: 3, side: 224, batch: 1, mapSide: 7, features: 512, outputs: 3 },
  { name: 'resnet-34', channels: 3, side: 224, batch: 8, mapSide: 7, features: 512, outputs: 3 },
  { name: 'resnet-34, training step', channels: 3, side: 224, batch: 32, mapSide: 0, features: 0, outputs: 3 },
];
const rounds = 40;

/**
 * What it costs that an engine computes in a process of its own: request and reply of the size of real ones, answered without
 * computing. Milliseconds, medians; the CPU time is that of this process alone.
 */
export const title = 'The way to the engine’s process';

export async function bench(): Promise<void> {
  const echo = new ComputeProcess({
    program: new URL('./echo-process.js', import.meta.url),
    arguments: [],
    environment: childEnvironment(),
    limits: defaultAnswerLimits,
  });
  console.log('| message | batch | MB sent | round trip, ms | least | CPU of the service, ms |\n| --- | --- | --- | --- | --- | --- |');
  for (const load of loads) {
    const { channels, side, batch } = load;
    const input: InputBatch = {
      data: new Float32Array(batch * channels * side * side).fill(0.5),
      batch,
      channels,
      height: side,
      width: side,
    };
    const reply = replyOf(load);
    const times: number[] = [];
    await echo.request({ input, reply }, 'an echo');
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      await echo.request({ input }, 'an echo');
      times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    const cells = [load.name, batch, ((input.data.byteLength / 2 ** 20) as number).toFixed(1), median(times).toFixed(2)];
    console.log(`| ${[...cells, Math.min(...times).toFixed(2), ((user + system) / 1000 / rounds).toFixed(2)].join(' | ')} |`);
  }
  await echo.stop();
}

function replyOf({ batch, mapSide, features, outputs }: Load): Partial<Prediction> {
  return {
    logits: new Float32Array(batch * outputs),
    embedding: new Float32Array(batch * features),
    activationMaps: new Float32Array(batch * outputs * mapSide * mapSide),
  };
}
