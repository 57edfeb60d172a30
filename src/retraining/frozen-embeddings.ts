import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PictureWorkers } from '../dataset/picture-workers.js';
import type { Predictor } from '../engine/engine.js';
import { noTransforms } from '../dataset/augmentation.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { readSafetensors, writeSafetensors } from '../network/safetensors.js';
import { pictureBatches, type PictureSource, type TrainingImage } from '../training/batches.js';

/** Images in one file: what is lost if the process is killed. */
const chunkImages = 64;
/** Images per prediction. */
const predictionBatch = 16;

/** What a frozen network computes for images, in their order. */
export interface FrozenScores {
  /** `images * features` */
  readonly embeddings: Float32Array;
  /** `images * outputs` */
  readonly logits: Float32Array;
}

export interface FrozenRequest extends Omit<PictureSource, 'workers' | 'images'> {
  readonly images: readonly TrainingImage[];
  /** Of this run alone; embeddings that are there already are not computed again. */
  readonly directory: string;
  readonly predictor: Predictor;
  readonly features: number;
  readonly outputs: number;
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Embeddings and scores of a network whose weights stay as they are: each image goes through it once, and what was computed is on disk
 * after every 64 images, so that a run that was killed continues there.
 *
 * @returns `stopped` with the number of chunks that are done if the signal ended it
 */
export async function frozenScores(request: FrozenRequest): Promise<FrozenScores | { readonly stopped: number }> {
  const { images, directory, features, outputs, signal, onProgress } = request;
  await mkdir(directory, { recursive: true });
  const embeddings = new Float32Array(images.length * features);
  const logits = new Float32Array(images.length * outputs);
  const workers = new PictureWorkers(request.workers);
  try {
    const make = pictureBatches({ ...request, workers }, noTransforms, 0);
    for (let start = 0, chunk = 0; start < images.length; start += chunkImages, chunk++) {
      if (signal?.aborted) return { stopped: chunk };
      const members = Array.from({ length: Math.min(chunkImages, images.length - start) }, (_, offset) => start + offset);
      const file = join(directory, `${chunk}-${digestOf(members.map((index) => images[index]!.key))}.safetensors`);
      const known = await readChunk(file, members.length, request);
      const scores = known ?? (await computeChunk(members, make, request));
      if (!known) await writeFileAtomically(file, chunkFile(scores, members.length, request));
      embeddings.set(scores.embeddings, start * features);
      logits.set(scores.logits, start * outputs);
      onProgress?.(start + members.length, images.length);
    }
    return { embeddings, logits };
  } finally {
    await workers.close();
  }
}

/** Names the images of a chunk, so that those of another plan are not taken for them. */
function digestOf(keys: readonly string[]): string {
  return createHash('sha256').update(keys.join('\n')).digest('hex').slice(0, 16);
}

async function computeChunk(
  members: readonly number[],
  make: ReturnType<typeof pictureBatches>,
  { predictor, features, outputs }: FrozenRequest,
): Promise<FrozenScores> {
  const embeddings = new Float32Array(members.length * features);
  const logits = new Float32Array(members.length * outputs);
  for (let done = 0; done < members.length; done += predictionBatch) {
    const prediction = await predictor.predict(await make(members.slice(done, done + predictionBatch), 0, 0));
    embeddings.set(prediction.embedding, done * features);
    logits.set(prediction.logits, done * outputs);
  }
  return { embeddings, logits };
}

function chunkFile({ embeddings, logits }: FrozenScores, count: number, { features, outputs }: FrozenRequest): Uint8Array {
  return writeSafetensors(
    new Map([
      ['embeddings', { shape: [count, features], data: embeddings }],
      ['logits', { shape: [count, outputs], data: logits }],
    ]),
  );
}

/** @returns undefined if there is no such file, or if it is none of this network */
async function readChunk(file: string, count: number, { features, outputs }: FrozenRequest): Promise<FrozenScores | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes) return undefined;
  const tensors = readSafetensors(bytes, file);
  const [embeddings, logits] = [tensors.get('embeddings'), tensors.get('logits')];
  return embeddings?.data.length === count * features && logits?.data.length === count * outputs
    ? { embeddings: embeddings.data, logits: logits.data }
    : undefined;
}
