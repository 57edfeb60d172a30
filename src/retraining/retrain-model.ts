import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PictureCache, readCachedPicture } from '../dataset/picture-cache.js';
import type { Example, ExampleSource } from '../dataset/example.js';
import type { Engine } from '../engine/engine.js';
import type { TrainingEngine } from '../engine/trainer.js';
import { Fault } from '../errors.js';
import type { SiteFindings } from '../evaluation/operating-points.js';
import { architectureOf, type ArchitectureSpec } from '../network/architecture-spec.js';
import { initialWeights } from '../network/initial-weights.js';
import { isForeignGraph } from '../network/loadable-network.js';
import type { NetworkWithWeights } from '../network/network-with-weights.js';
import { parametersOf } from '../network/parameters.js';
import type { Tensor, Tensors } from '../network/safetensors.js';
import { wholeFrame } from '../pixels/image.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { loadVersions } from '../registry/best-versions.js';
import { filesOfCandidate, type Candidate } from '../registry/candidate.js';
import type { NetworkFile } from '../registry/model-file.js';
import { modelIdentity } from '../registry/model-identity.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import type { Registry } from '../registry/registry.js';
import type { TrainingProgress } from '../training/training-run.js';
import { compareImages, comparedImagesFile } from './compared-images.js';
import { evaluateChallenger } from './evaluate-challenger.js';
import { exampleOf, retrainingTestSet, type RetrainingPlan } from './retraining-plan.js';
import type { RetrainingOutcome } from './run-outcome.js';
import type { CandidateBasis, CandidateOutcome } from './candidate-request.js';
import { trainCandidate } from './train-candidate.js';
import { trainFrozenHead } from './train-frozen-head.js';

export interface RetrainModelPorts {
  readonly registry: Pick<Registry, 'load' | 'add'>;
  readonly engine: Engine & TrainingEngine;
  /** Folder with the pictures of the plan's images. */
  readonly pictures: string;
  /** Folder of this plan alone: checkpoints and curves. */
  readonly directory: string;
  /** Label rules and the hospital's thresholds, of config/findings.json. */
  readonly findings: SiteFindings;
  /** Threads that augment. */
  readonly workers: number;
  readonly codeVersion: string;
  readonly clock: { now(): Date };
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Step 3 of the retraining story, in the training process: images of the plan → network trained from the champion's weights →
 * version in the registry → evaluation → decision of the gate. Nothing is promoted here. If `signal` stops it, it leaves a checkpoint,
 * and a later call with the same plan continues from there.
 *
 * @throws Fault dataset-invalid, training-diverged, model-invalid, disk-full
 */
export async function retrainModel(plan: RetrainingPlan, ports: RetrainModelPorts): Promise<RetrainingOutcome> {
  const champion = await ports.registry.load(plan.champion);
  const entry = champion.file.networks.xray;
  const served = champion.networks.xray;
  if (!entry || !served) throw new Fault('model-invalid', `expected a network for X-rays in version ${champion.version}, found none`);
  const cache = new PictureCache(ports.pictures, served.input);
  const source: ExampleSource = {
    kind: 'several',
    classes: plan.classes,
    examples: plan.images.map(exampleOf),
    picture: async (example) => cachedPicture(cache, example),
  };

  const basis: CandidateBasis = {
    directory: ports.directory,
    dataset: {
      name: 'labelled studies',
      source,
      split: { parts: plan.images.map(({ part }) => part), warnings: plan.warnings },
      sha256: createHash('sha256').update(JSON.stringify(plan.images)).digest('hex'),
    },
    classes: plan.classes,
    objective: plan.objective,
    labelRules: ports.findings,
    kind: 'xray',
    initial: { parent: champion.version },
    input: entry.input,
    recipe: plan.recipe,
    cache,
    engine: ports.engine,
    workers: ports.workers,
    model: {
      name: champion.name,
      manufacturer: champion.manufacturer,
      license: champion.license,
      codeVersion: ports.codeVersion,
      settings: { run: plan.id, lock: plan.lock },
    },
    clock: ports.clock,
    signal: ports.signal,
    onProgress: ports.onProgress,
  };
  const trained = await trainFrom(served, entry, basis, plan);
  if (!trained.finished) return trained;
  const challenger = await ports.registry.add(wholeModel(trained.candidate, champion, plan));
  const evaluation = await evaluateChallenger({
    kind: 'xray',
    champion,
    challenger,
    engine: ports.engine,
    examples: plan.images.filter(({ part }) => part === 'test').map(exampleOf),
    picture: source.picture,
    testSet: retrainingTestSet,
    findings: ports.findings,
    best: await loadVersions(ports.registry, plan.best),
    rules: plan.rules,
    async onScored(scored, before) {
      const studies = new Map(plan.images.map((image) => [exampleOf(image).key, image.studyInstanceUID]));
      const compared = compareImages(scored, before, (id) => studies.get(id));
      await writeFileAtomically(join(ports.directory, comparedImagesFile), JSON.stringify(compared));
    },
  });
  return { finished: true, challenger: challenger.version, engine: ports.engine.description.name, evaluation, warnings: trained.warnings };
}

/** A network of this program's layers as a whole, of a graph of others only a new head. */
function trainFrom(served: ServedNetwork, entry: NetworkFile, basis: CandidateBasis, plan: RetrainingPlan): Promise<CandidateOutcome> {
  const { network, outputs } = served;
  if (isForeignGraph(network)) return trainFrozenHead({ ...basis, graph: network, outputs: entry.outputs });
  const architecture: ArchitectureSpec = { ...entry.architecture!, outputs: plan.classes.length };
  const tensors = initialWeightsOf({ network, outputs }, architecture, plan);
  return trainCandidate({ ...basis, architecture, initial: { ...basis.initial, tensors } });
}

async function cachedPicture(cache: PictureCache, { key }: Example): ReturnType<ExampleSource['picture']> {
  if (!cache.has(key))
    throw new Fault('image-unreadable', 'expected the picture of an image in the cache, found none', { source: `picture ${key}` });
  const grey = readCachedPicture(cache.fileOf(key), cache.width, cache.height);
  return {
    width: cache.width,
    height: cache.height,
    values: Float32Array.from(grey, (value) => value / 255),
    pixelAspect: 1,
    frame: wholeFrame,
  };
}

/**
 * The champion's weights. Of its last layer only the rows of the trained findings: a starter also has an output that refuses images,
 * for which readers give no labels.
 */
function initialWeightsOf(
  { network, outputs }: { readonly network: NetworkWithWeights; readonly outputs: ServedNetwork['outputs'] },
  spec: ArchitectureSpec,
  { classes, recipe }: RetrainingPlan,
): Tensors {
  const architecture = architectureOf(spec);
  const fresh = initialWeights(architecture, recipe.seed);
  const last = `${architecture.layers.at(-1)!.name}.`;
  const rows = classes.map((name) => outputs.findIndex((output) => output.name === name));
  return new Map(
    parametersOf(architecture).map(({ name }) => [
      name,
      name.startsWith(last) ? rowsOf(network.tensors.get(name)!, rows, fresh.get(name)!) : network.tensors.get(name)!,
    ]),
  );
}

function rowsOf(before: Tensor, rows: readonly number[], fresh: Tensor): Tensor {
  const size = before.data.length / before.shape[0]!;
  const data = Float32Array.from(fresh.data);
  rows.forEach((row, index) => {
    if (row >= 0) data.set(before.data.subarray(row * size, (row + 1) * size), index * size);
  });
  return { shape: fresh.shape, data };
}

/** Keyed hashes of the patients of this run and of earlier ones, because training starts from the champion's weights. */
function trainedOn(images: RetrainingPlan['images'], { lineage }: ModelVersion): readonly string[] {
  const own = images.filter(({ part }) => part !== 'test').map(({ patient }) => patient);
  return [...new Set([...(lineage?.trainedOn ?? []), ...own.filter((patient) => /^[0-9a-f]{32}$/.test(patient))])].sort();
}

/** Adds the champion's CT network unchanged; the reports of training name the version that results. */
function wholeModel(candidate: Candidate, champion: ModelVersion, { images }: RetrainingPlan): Candidate {
  const whole: Candidate = {
    ...candidate,
    lineage: { ...candidate.lineage, trainedOn: trainedOn(images, champion) },
    ...(champion.file.adopted ? { adopted: champion.file.adopted } : {}),
    networks: { ...withoutRegions(candidate.networks, champion), ...(champion.networks.ct ? { ct: { keptFrom: champion } } : {}) },
  };
  const identity = modelIdentity(filesOfCandidate(whole).file);
  const metrics = Object.fromEntries(
    Object.entries(candidate.metrics ?? {}).map(([kind, report]) => [
      kind,
      { ...report, ...(report.model ? { model: { ...report.model, ...identity } } : {}) },
    ]),
  );
  return { ...whole, metrics };
}

/** A finding for which the champion draws no regions has none in its successor: the maps are those of the same body. */
function withoutRegions(networks: Candidate['networks'], champion: ModelVersion): Candidate['networks'] {
  const { xray } = networks;
  if (!xray || 'keptFrom' in xray) return networks;
  const before = champion.networks.xray?.outputs ?? [];
  const isWithout = (name: string): boolean => before.some((one) => one.kind === 'finding' && one.name === name && one.regions === false);
  const outputs = xray.outputs.map((one) => (one.kind === 'finding' && isWithout(one.name) ? { ...one, regions: false as const } : one));
  return { ...networks, xray: { ...xray, outputs } };
}
