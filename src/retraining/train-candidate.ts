import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePartsFile } from '../dataset/parts-file.js';
import type { Part } from '../dataset/split.js';
import { Fault } from '../errors.js';
import { cutToLungs } from '../pixels/ct/picture-lungs.js';
import { architectureOf } from '../network/architecture-spec.js';
import type { TrainingImage } from '../training/batches.js';
import { trainNetwork } from '../training/train-network.js';
import type { TrainingRun } from '../training/training-run.js';
import { calibrateNetwork } from './calibrate-network.js';
import { candidateOf } from './candidate-of-network.js';
import type { CandidateOutcome, CandidateRequest, UsableExample } from './candidate-request.js';
import { imageOf, readPictures, usableExamples, warningsOfImages } from './usable-examples.js';

/**
 * Labelled images → candidate for the registry: reads pictures, trains the network, calibrates it, fits the feature gate and evaluates
 * it on the validation images. If the signal stops it, it leaves a checkpoint, and the same request continues from there.
 *
 * @throws Fault dataset-invalid (no second class, too few images), training-diverged, disk-full
 */
export async function trainCandidate(given: CandidateRequest): Promise<CandidateOutcome> {
  const request = given.kind === 'ct' ? withSlicesCutToLungs(given) : given;
  const startedAt = request.clock.now();
  const unreadable = await readPictures(request);
  if (unreadable === 'stopped') return { finished: false, position: { stage: 0, epoch: 0, batch: 0 }, warnings: [] };
  const usable = usableExamples(request, unreadable);
  const warnings = warningsOfImages(request, usable, unreadable);
  const run = trainingRunOf(request, usable);
  if (run.validation.length === 0)
    throw new Fault('dataset-invalid', `expected images for validation that ${request.classes.join(', ')} can describe, found none`);

  await mkdir(request.directory, { recursive: true });
  await request.onBegin?.();
  await writePartsFile(join(request.directory, 'parts.jsonl'), request.dataset.source.examples, request.dataset.split.parts);
  const trained = await trainNetwork(run);
  if (!trained.finished) return { finished: false, position: trained.position, warnings };
  const calibrated = await calibrateNetwork(request, { architecture: run.architecture, tensors: trained.tensors }, usable, run.train);
  const { architecture, halfPrecision = false } = request;
  const network = { architecture, tensors: trained.tensors, ...(halfPrecision ? { halfPrecision } : {}) };
  return { finished: true, warnings, ...candidateOf(request, network, { usable, calibrated, warnings, startedAt }) };
}

/** Pictures of slices as reporting shows slices to the network: the same part of the body, wherever they were published. */
function withSlicesCutToLungs(request: CandidateRequest): CandidateRequest {
  const { source } = request.dataset;
  const picture: typeof source.picture = async (example) => cutToLungs(await source.picture(example));
  return { ...request, dataset: { ...request.dataset, source: { ...source, picture } } };
}

function trainingRunOf(request: CandidateRequest, usable: readonly UsableExample[]): TrainingRun {
  const { directory, architecture, initial, input, objective, classes, kind, cache, recipe, engine, workers, signal, onProgress } = request;
  const guardOutput = classes.indexOf(request.guardClass ?? '');
  const imagesOf = (part: Part): readonly TrainingImage[] =>
    usable
      .filter((one) => one.part === part)
      .map((one) => imageOf(one, kind === 'xray' && (guardOutput < 0 || one.truth[guardOutput] !== 0), recipe));
  return {
    directory,
    architecture: architectureOf(architecture),
    initial: initial.tensors,
    input,
    kind: objective,
    train: imagesOf('train'),
    validation: imagesOf('validation'),
    ...(guardOutput < 0 ? {} : { guardOutput }),
    cache,
    recipe,
    engine,
    workers,
    signal,
    onProgress,
  };
}
