import { noTransforms, type AugmentationSettings } from '../dataset/augmentation.js';
import type { PictureCache } from '../dataset/picture-cache.js';
import type { PictureWorkers } from '../dataset/picture-workers.js';
import { keyedRandom } from '../lib/seeded-random.js';
import { prefetched } from '../dataset/prefetch.js';
import type { Engine, InputBatch } from '../engine/engine.js';
import type { PictureTask } from '../dataset/training-picture.js';
import { featuresOfNetwork, isForeignGraph, type LoadableNetwork } from '../network/loadable-network.js';
import type { TrainingItem } from './epoch-plan.js';

/** An image to train on, its pixels in the cache. */
export interface TrainingImage extends TrainingItem {
  readonly key: string;
  /** A frontal chest radiograph: it has lung fields, which augmentation may cover or leave alone. */
  readonly frontalChest?: boolean | undefined;
}

/** What the network takes; see registry/model-file.ts. */
export type TrainingInput = PictureTask['input'];

/** Makes the batch of some images; where in the epoch they stand decides how they are augmented. */
export type BatchMaker = (members: readonly number[], epoch: number, firstPosition: number) => Promise<InputBatch>;

export interface PictureSource {
  readonly images: readonly TrainingImage[];
  readonly cache: PictureCache;
  readonly workers: PictureWorkers;
  readonly input: TrainingInput;
}

/** Batches of augmented pictures. */
export function pictureBatches({ images, cache, workers, input }: PictureSource, settings: AugmentationSettings, seed: number): BatchMaker {
  const { channels, height, width } = input;
  const chests = settings.lungs ? images.filter(({ frontalChest }) => frontalChest) : [];
  const otherChest = (index: number, epoch: number, position: number): string | undefined =>
    images[index]!.frontalChest && chests.length > 0
      ? cache.fileOf(chests[Math.floor(keyedRandom('other chest', seed, epoch, position).next() * chests.length)]!.key)
      : undefined;
  return async (members, epoch, firstPosition) => {
    const pictures = await Promise.all(
      members.map((index, offset) =>
        workers.picture({
          file: cache.fileOf(images[index]!.key),
          sourceWidth: cache.width,
          sourceHeight: cache.height,
          input,
          settings,
          seed,
          epoch,
          position: firstPosition + offset,
          otherChest: otherChest(index, epoch, firstPosition + offset),
        }),
      ),
    );
    return { data: joined(pictures), batch: members.length, channels, height, width };
  };
}

/** Batches of features that were computed once: images of one pixel and a channel for each feature. */
export function featureBatches(features: Float32Array, width: number): BatchMaker {
  return async (members) => ({
    data: joined(members.map((index) => features.subarray(index * width, (index + 1) * width))),
    batch: members.length,
    channels: width,
    height: 1,
    width: 1,
  });
}

/** How many pictures an engine is given at once outside training. */
const predictionBatch = 16;

/** Every picture once, as validation sees it, through a network. @returns `images * outputs` logits and `images * features` embeddings */
export async function predictAll(
  engine: Engine,
  network: LoadableNetwork,
  source: PictureSource,
  signal?: AbortSignal,
): Promise<{ readonly logits: Float32Array; readonly embeddings: Float32Array }> {
  const outputs = isForeignGraph(network) ? network.outputs : network.architecture.outputs;
  const features = featuresOfNetwork(network);
  const count = source.images.length;
  const logits = new Float32Array(count * outputs);
  const embeddings = new Float32Array(count * features);
  const make = pictureBatches(source, noTransforms, 0);
  const membersOf = (index: number): readonly number[] =>
    Array.from({ length: Math.min(predictionBatch, count - index * predictionBatch) }, (_, offset) => index * predictionBatch + offset);
  const predictor = await engine.load(network);
  try {
    let done = 0;
    for await (const batch of prefetched(0, Math.ceil(count / predictionBatch), (index) => make(membersOf(index), 0, 0))) {
      signal?.throwIfAborted();
      const prediction = await predictor.predict(batch);
      logits.set(prediction.logits, done * outputs);
      embeddings.set(prediction.embedding, done * features);
      done += batch.batch;
    }
  } finally {
    await predictor.release();
  }
  return { logits, embeddings };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((offset, part) => (all.set(part, offset), offset + part.length), 0);
  return all;
}
