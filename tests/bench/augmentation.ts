import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastaiTransforms } from '../../src/dataset/augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { PictureWorkers } from '../../src/dataset/picture-workers.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { trainingPicture, type PictureTask } from '../../src/dataset/training-picture.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { networkPreset } from '../../src/network/presets.js';
import { median } from './median.js';

const side = 224;
const batch = 8;

/** Pictures a second that the threads can make, beside those a second that the smallest network can be trained on. */
export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-augmentation-'));
  const input = { width: side, height: side, channels: 1, normalization: 'per-image' } as const;
  const cache = new PictureCache(folder, input);
  const draws = keyedRandom('bench');
  await cache.put('picture', {
    width: 300,
    height: 300,
    pixelAspect: 1,
    values: Float32Array.from({ length: 90_000 }, () => draws.next()),
  });
  const task = (position: number): PictureTask => ({
    file: cache.fileOf('picture'),
    sourceWidth: cache.width,
    sourceHeight: cache.height,
    input,
    settings: fastaiTransforms,
    seed: 1,
    epoch: 0,
    position,
  });

  const alone = median(Array.from({ length: 60 }, (_, position) => timed(() => void trainingPicture(task(position)))));
  const threads = Math.max(1, availableParallelism() - 1);
  const workers = new PictureWorkers(threads);
  await Promise.all(Array.from({ length: 2 * threads }, (_, position) => workers.picture(task(position))));
  const began = performance.now();
  await Promise.all(Array.from({ length: 200 }, (_, position) => workers.picture(task(position))));
  const perSecond = 200_000 / (performance.now() - began);
  await workers.close();

  console.log(`| ${side} × ${side} | images/s |\n|---|---|`);
  console.log(`| read, warp, rotate, zoom, light, normalise: one thread | ${(1000 / alone).toFixed(0)} |`);
  console.log(`| the same, ${threads} ${threads === 1 ? 'thread' : 'threads'} beside the caller | ${perSecond.toFixed(0)} |`);
  for (const name of ['starter', 'resnet-34'] as const)
    console.log(`| a full training step, ${name}, batch ${batch} | ${(await trainingSpeed(name)).toFixed(1)} |`);
  rmSync(folder, { recursive: true, force: true });
}

async function trainingSpeed(name: 'starter' | 'resnet-34'): Promise<number> {
  const architecture = architectureOf(networkPreset(name, { inputChannels: 1, outputs: 2, head: 'fastai' }));
  const engine = await startEngine({ prefer: 'onnx-cpu' });
  const trainer = await engine.startTrainer({
    network: { architecture, tensors: initialWeights(architecture, 1) },
    objective: { kind: 'one-of-many' },
    batch,
    height: side,
    width: side,
    layerGroups: layerGroups(architecture),
    trainFromGroup: 0,
    frozenBatchNorms: 'still',
    adamW: { beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 },
    seed: 1,
  });
  const draws = keyedRandom('bench', name);
  const times: number[] = [];
  for (let step = 0; step < 5; step++) {
    const data = Float32Array.from({ length: batch * side * side }, () => draws.next() - 0.5);
    const targets = Float32Array.from({ length: batch * 2 }, (_, index) => (index % 4 === 0 || index % 4 === 3 ? 1 : 0));
    const began = performance.now();
    await trainer.step(
      { input: { data, batch, channels: 1, height: side, width: side }, targets },
      { learningRates: [1e-4, 1e-4, 1e-4], momentum: 0.9 },
    );
    times.push(performance.now() - began);
  }
  await trainer.release();
  await engine.close();
  return (1000 * batch) / median(times.slice(1));
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}
