import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePartsFile } from '../dataset/parts-file.js';
import type { Part } from '../dataset/split.js';
import { Fault } from '../errors.js';
import { evaluateSet } from '../evaluation/report/evaluate-set.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { cutToLungs } from '../pixels/ct/picture-lungs.js';
import { architectureOf } from '../network/architecture-spec.js';
import type { Tensors } from '../network/safetensors.js';
import { filesOfCandidate, type Candidate } from '../registry/candidate.js';
import { modelIdentity } from '../registry/model-identity.js';
import type { TrainingImage } from '../training/batches.js';
import { trainNetwork } from '../training/train-network.js';
import type { TrainingRun } from '../training/training-run.js';
import { calibrateNetwork, type CalibratedNetwork } from './calibrate-network.js';
import { lineageOf } from './candidate-lineage.js';
import type { CandidateOutcome, CandidateRequest, UsableExample } from './candidate-request.js';
import { trainingCard } from './model-card.js';
import { trainingReference } from './training-reference.js';
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
  return { finished: true, warnings, ...candidateOf(request, usable, trained.tensors, calibrated, warnings, startedAt) };
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

/** The candidate and its report on the validation images. */
function candidateOf(
  request: CandidateRequest,
  usable: readonly UsableExample[],
  tensors: Tensors,
  { rules, calibration, validation }: CalibratedNetwork,
  warnings: readonly string[],
  startedAt: Date,
): { readonly candidate: Candidate; readonly report: EvaluationReport } {
  const { kind, dataset, cache, classes, architecture, input, study, recipe } = request;
  const { name, manufacturer, license } = request.model;
  const { objective, outputs, gate } = rules;
  const guardOutput = classes.indexOf(request.guardClass ?? '');
  // Drift compares with the images that are meant to arrive, not with those that the guard refuses.
  const chests = usable.filter(({ truth }) => guardOutput < 0 || truth[guardOutput] !== 0);
  const drift = kind === 'xray' ? trainingReference({ usable: chests, cache, heldOut: [calibration, validation], rules }) : undefined;
  const withoutCard: Candidate = {
    name,
    manufacturer,
    license,
    created: startedAt.toISOString().slice(0, 10),
    networks: { [kind]: { architecture, tensors, input, objective, outputs, gate, ...(study ? { study } : {}) } },
    lineage: lineageOf(request, usable, startedAt),
    ...(drift ? { reference: { [kind]: drift } } : {}),
    card: '',
  };
  const evaluated = evaluateSet(validation.set, { dataset: { name: dataset.name, split: 'validation' }, seed: recipe.seed });
  const measured: EvaluationReport = { ...evaluated, warnings: [...evaluated.warnings, ...warnings] };
  const candidate: Candidate = { ...withoutCard, card: trainingCard(withoutCard, measured) };
  // The card is part of what the name of a version is derived from.
  const report: EvaluationReport = {
    ...measured,
    model: { name, ...modelIdentity(filesOfCandidate(candidate).file), network: kind },
  };
  return { report, candidate: { ...candidate, metrics: { [kind]: report } } };
}
