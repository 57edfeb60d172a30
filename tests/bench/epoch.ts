import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { fastaiTransforms } from '../../src/dataset/augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { readExamplePicture } from '../../src/dataset/read-picture.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { networkPreset } from '../../src/network/presets.js';
import { fastaiRecipe, type Recipe } from '../../src/training/recipe.js';
import { trainNetwork } from '../../src/training/train-network.js';
import type { TrainingRun } from '../../src/training/training-run.js';
import { seededImage } from '../unit/network-seeded.js';
import { figure } from './history/figures.js';
import { median } from './median.js';

const pictures = 1_000;
const batch = 32;
const stepsAlone = 9;

export const title = 'An epoch from disk';

/**
 * An epoch of 1,000 pictures as training runs it (read from the cache on disk, augmented, a step for each batch) beside the same number
 * of steps on values that lie ready in memory; and how long decoding takes, which is done once for all epochs.
 */
export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-epoch-'));
  const engine = await startEngine({ prefer: 'onnx-cpu' });
  try {
    const decoded = await decodingSeconds(folder);
    console.log(`| network | an epoch, s | its steps alone, s | ratio |\n| --- | --- | --- | --- |`);
    for (const [name, side, channels] of [
      ['efficientnet-lite0', 128, 3],
      ['resnet-34', 224, 3],
    ] as const) {
      const input = { width: side, height: side, channels, normalization: 'per-image' } as const;
      const architecture = architectureOf(networkPreset(name, { inputChannels: channels, outputs: 2, head: 'torchvision' }));
      const cache = new PictureCache(join(folder, name), input);
      const key = (index: number): string => `picture-${String(index).padStart(4, '0')}`;
      for (let index = 0; index < pictures; index++)
        await cache.put(key(index), { width: 300, height: 300, pixelAspect: 1, values: seededImage(key(index), 90_000) });
      const image = (index: number): TrainingRun['train'][number] => ({
        key: key(index),
        source: 'bench',
        truth: index % 2 === 0 ? [1, 0] : [0, 1],
      });
      const recipe: Recipe = { ...fastaiRecipe, batch, stages: [{ what: 'all', epochs: 1, rate: 1e-4 }], augmentation: fastaiTransforms };
      const run: TrainingRun = {
        directory: join(folder, `${name}-run`),
        architecture,
        initial: initialWeights(architecture, 1),
        input,
        kind: 'one-of-many',
        train: Array.from({ length: pictures }, (_, index) => image(index)),
        validation: [image(0), image(1)],
        cache,
        recipe,
        engine,
      };
      // the first steps of a process are slower, on either side
      await secondsOfSteps(run, 2);
      const before = await secondsOfSteps(run, stepsAlone);
      const { log } = await trainNetwork(run);
      const after = await secondsOfSteps(run, stepsAlone);
      const epoch = log.find((entry) => entry.kind === 'epoch')!.seconds;
      const steps = Math.floor(pictures / batch) * median([...before, ...after]);
      if (name === 'resnet-34') figure('epoch', epoch / steps);
      console.log(
        `| ${name}, ${side} × ${side}, batch ${batch} | ${epoch.toFixed(1)} | ${steps.toFixed(1)} | ${(epoch / steps).toFixed(2)} |`,
      );
    }
    console.log(
      `\nDecoding and reducing 1,000 radiographs like those of the demo, once for all epochs: ${(decoded * pictures).toFixed(0)} s.`,
    );
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of each step. */
async function secondsOfSteps({ architecture, initial, input, engine, recipe }: TrainingRun, count: number): Promise<readonly number[]> {
  const { width, height, channels } = input;
  const trainer = await engine.startTrainer({
    network: { architecture, tensors: initial },
    objective: { kind: 'one-of-many' },
    batch,
    height,
    width,
    layerGroups: layerGroups(architecture),
    trainFromGroup: 0,
    frozenBatchNorms: 'still',
    adamW: { beta2: recipe.beta2, epsilon: recipe.epsilon, weightDecay: recipe.weightDecay },
    seed: 1,
  });
  const data = seededImage('steps', batch * channels * width * height);
  const targets = Float32Array.from({ length: batch * 2 }, (_, index) => Number(index % 4 === 0 || index % 4 === 3));
  const seconds: number[] = [];
  for (let step = 0; step < count; step++) {
    const began = performance.now();
    await trainer.step(
      { input: { data, batch, channels, height, width }, targets },
      { learningRates: layerGroups(architecture).map(() => 1e-4), momentum: 0.9 },
    );
    seconds.push((performance.now() - began) / 1000);
  }
  await trainer.release();
  return seconds;
}

/** Of one radiograph, on one core: DICOM file to the picture in the cache. */
async function decodingSeconds(folder: string): Promise<number> {
  const files = readdirSync(join(projectRoot, 'radiographs')).filter((name) => name.endsWith('.dcm'));
  const cache = new PictureCache(join(folder, 'decoded'), { width: 224, height: 224 });
  const seconds: number[] = [];
  for (const file of [...files, ...files]) {
    const began = performance.now();
    const bytes = readFileSync(join(projectRoot, 'radiographs', file));
    await cache.put(`${seconds.length}-${file}`, await readExamplePicture(bytes, file));
    seconds.push((performance.now() - began) / 1000);
  }
  return median(seconds);
}
