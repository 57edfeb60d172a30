import type { PictureWorkers } from '../dataset/picture-workers.js';
import { prefetched } from '../dataset/prefetch.js';
import type { Trainer, TrainerOptions } from '../engine/trainer.js';
import { coversLungs } from '../dataset/training-picture.js';
import { Fault } from '../errors.js';
import type { Architecture } from '../network/architecture.js';
import { headNetwork } from '../network/head-network.js';
import { layerGroups } from '../network/layer-groups.js';
import { parametersOf } from '../network/parameters.js';
import type { Tensors } from '../network/safetensors.js';
import { batchTargets, type BatchTargets } from './batch-targets.js';
import { featureBatches, pictureBatches, predictAll, type BatchMaker, type PictureSource } from './batches.js';
import type { Checkpoint } from './checkpoint.js';
import { batchesOf, objectiveOf } from './epoch-plan.js';
import { headLogits } from './head-logits.js';
import { SmoothedLoss } from './lr-finder.js';
import type { Stage } from './recipe.js';
import { layerGroupRates, oneCycle } from './schedule.js';
import type { EpochEntry, StepEntry, TrainingLog } from './training-log.js';
import type { TrainingRun } from './training-run.js';
import { validationFigures } from './validation-figures.js';

export interface StagePorts {
  readonly log: TrainingLog;
  readonly workers: PictureWorkers;
  readonly save: (checkpoint: Checkpoint) => Promise<void>;
}

/** The differences between a stage on images and one on features computed once. */
export interface StageSetting {
  readonly network: Architecture;
  readonly groups: readonly (readonly string[])[];
  readonly makeBatch: BatchMaker;
  /** Targets of the same images, as they were augmented (training/batch-targets.ts). */
  readonly makeTargets: (members: readonly number[], epoch: number, firstPosition: number) => BatchTargets;
  readonly size: { readonly height: number; readonly width: number };
  /** Logits of the validation images, `images * outputs`, with these weights of the whole network. */
  readonly validationLogits: (tensors: Tensors) => Promise<Float32Array>;
}

/** Trains from a checkpoint to the end of its stage, or until it is told to stop; the last checkpoint is on disk either way. */
export async function runStage(
  run: TrainingRun,
  from: Checkpoint,
  ports: StagePorts,
): Promise<{ readonly checkpoint: Checkpoint; readonly stopped: boolean }> {
  const stageIndex = from.position.stage;
  const stage = run.recipe.stages[stageIndex]!;
  const setting = await settingOf(run, stage, from.tensors, ports.workers);
  const trainer = await run.engine.startTrainer(trainerOptions(run, stage, setting, from));
  const earlierEpochs = run.recipe.stages.slice(0, stageIndex).reduce((sum, one) => sum + one.epochs, 0);
  let current = from;
  try {
    while (current.position.epoch < stage.epochs) {
      const { checkpoint, stopped } = await runEpoch(
        { run, stage, setting, trainer, ports, epochKey: earlierEpochs + current.position.epoch },
        current,
      );
      current = checkpoint;
      await ports.save(current);
      if (stopped) return { checkpoint: current, stopped: true };
      if (current.position.stage > stageIndex) break;
    }
  } finally {
    await trainer.release();
  }
  return { checkpoint: current, stopped: false };
}

/** @param tensors of the whole network */
export async function settingOf(run: TrainingRun, stage: Stage, tensors: Tensors, workers: PictureWorkers): Promise<StageSetting> {
  const { architecture, cache, engine, input, recipe } = run;
  const source = (images: TrainingRun['train']): PictureSource => ({ images, cache, workers, input });
  if (stage.what !== 'head') {
    const size = stage.pixels === undefined ? input : { ...input, width: stage.pixels, height: stage.pixels };
    return {
      network: architecture,
      groups: layerGroups(architecture),
      makeBatch: pictureBatches({ ...source(run.train), input: size }, recipe.augmentation, recipe.seed),
      makeTargets: (members, epoch, firstPosition) => {
        const lungless = members.map(
          (index, offset) =>
            run.train[index]!.frontalChest === true &&
            coversLungs({ settings: recipe.augmentation, seed: recipe.seed, epoch, position: firstPosition + offset }),
        );
        return batchTargets(
          members.map((index) => run.train[index]!),
          run.kind,
          recipe.labelSmoothing,
          { lungless, guardOutput: run.guardOutput },
        );
      },
      size,
      validationLogits: async (weights) => (await predictAll(engine, { architecture, tensors: weights }, source(run.validation))).logits,
    };
  }
  const network = headNetwork(architecture);
  const featuresOf = async (images: TrainingRun['train']): Promise<Float32Array> =>
    (await predictAll(engine, { architecture, tensors }, source(images), run.signal)).embeddings;
  const features = await featuresOf(run.train);
  const validationFeatures = await featuresOf(run.validation);
  return {
    network,
    groups: [network.layers.map(({ name }) => name)],
    makeBatch: featureBatches(features, architecture.features),
    makeTargets: (members) =>
      batchTargets(
        members.map((index) => run.train[index]!),
        run.kind,
        recipe.labelSmoothing,
      ),
    size: { height: 1, width: 1 },
    validationLogits: async (weights) => headLogits(network, weights, validationFeatures),
  };
}

export function trainerOptions(
  { train, kind, recipe }: TrainingRun,
  { what }: Stage,
  { network, groups, size }: StageSetting,
  { tensors, step, optimizer }: Pick<Checkpoint, 'tensors' | 'step' | 'optimizer'>,
): TrainerOptions {
  const own: Tensors = new Map(parametersOf(network).map(({ name }) => [name, tensors.get(name)!]));
  return {
    network: { architecture: network, tensors: own },
    objective: objectiveOf(train, kind, recipe),
    // a recipe with sampling may draw less than a batch, or more than there are images; the same number in each epoch
    batch: batchesOf(train, recipe, 0)[0]!.length,
    height: size.height,
    width: size.width,
    layerGroups: groups,
    trainFromGroup: what === 'head-train-bn' ? groups.length - 1 : 0,
    frozenBatchNorms: what === 'head-train-bn' ? 'train' : 'still',
    adamW: { beta2: recipe.beta2, epsilon: recipe.epsilon, weightDecay: recipe.weightDecay },
    ...(recipe.maxGradientNorm === undefined ? {} : { maxGradientNorm: recipe.maxGradientNorm }),
    seed: recipe.seed,
    ...(step > 0 ? { resume: { step, tensors: own, optimizer } } : {}),
  };
}

interface EpochContext {
  readonly run: TrainingRun;
  readonly stage: Stage;
  readonly setting: StageSetting;
  readonly trainer: Trainer;
  readonly ports: StagePorts;
  /** Of the whole run: each epoch has its own order and augmentation. */
  readonly epochKey: number;
}

async function runEpoch(context: EpochContext, from: Checkpoint): Promise<{ readonly checkpoint: Checkpoint; readonly stopped: boolean }> {
  const { run, stage, setting, trainer, ports, epochKey } = context;
  const { recipe, train, kind, signal, onProgress } = run;
  const plan = batchesOf(train, recipe, epochKey);
  const perBatch = plan[0]!.length;
  const steps = plan.length * stage.epochs;
  const rates = layerGroupRates(setting.groups.length, stage.rate, stage.firstRate);
  const smoother = SmoothedLoss.from(from.losses);
  const entries: StepEntry[] = [];
  const began = performance.now();
  const { stage: stageIndex, epoch } = from.position;
  let { batch } = from.position;
  let { step } = from;
  let sum = from.losses.sum;
  const flush = async (): Promise<void> => ports.log.add(entries.splice(0));
  const checkpoint = async (position: Checkpoint['position'], fresh: boolean): Promise<Checkpoint> => {
    const { tensors, optimizer } = await trainer.state();
    const whole: Tensors = new Map([...from.tensors, ...tensors]);
    const losses = { sum: position.batch === 0 ? 0 : sum, ...smoother.state };
    return {
      fingerprint: from.fingerprint,
      position,
      step: fresh ? 0 : step,
      losses: fresh ? { sum: 0, average: 0, count: 0 } : losses,
      tensors: whole,
      optimizer: fresh ? new Map() : optimizer,
    };
  };

  const make = (index: number): ReturnType<BatchMaker> => setting.makeBatch(plan[index]!, epochKey, index * perBatch);
  for await (const input of prefetched(batch, plan.length, make)) {
    if (signal?.aborted) break;
    const { learningRate: factor, momentum } = oneCycle(step, steps, { maximum: 1 }, recipe.oneCycle);
    const learningRates = rates.map((rate) => rate * factor);
    const { loss, gradientNorm } = await trainer
      .step({ input, ...setting.makeTargets(plan[batch]!, epochKey, batch * perBatch) }, { learningRates, momentum })
      .catch((error: unknown) => {
        throw placed(
          error,
          `stage ${stage.what}, epoch ${epoch + 1}, batch ${batch + 1}, learning rate ${learningRates.at(-1)!.toExponential(1)}`,
        );
      });
    const smoothedLoss = smoother.add(loss);
    entries.push({
      kind: 'step',
      stage: stageIndex,
      epoch,
      batch,
      loss,
      smoothedLoss,
      gradientNorm,
      learningRate: learningRates.at(-1)!,
      momentum,
    });
    sum += loss;
    step++;
    batch++;
    if (entries.length >= 20) await flush();
    const perStep = (performance.now() - began) / 1000 / (batch - from.position.batch);
    onProgress?.({
      position: { stage: stageIndex, epoch, batch },
      what: stage.what,
      epochs: stage.epochs,
      batches: plan.length,
      smoothedLoss,
      imagesPerSecond: perBatch / perStep,
      secondsLeft: perStep * (steps - step),
    });
  }
  await flush();
  if (batch < plan.length) return { checkpoint: await checkpoint({ stage: stageIndex, epoch, batch }, false), stopped: true };

  const seconds = (performance.now() - began) / 1000;
  const last = epoch + 1 === stage.epochs;
  const done = await checkpoint(
    last ? { stage: stageIndex + 1, epoch: 0, batch: 0 } : { stage: stageIndex, epoch: epoch + 1, batch: 0 },
    last,
  );
  const { loss, accuracy } = validationFigures(run.validation, await setting.validationLogits(done.tensors), kind);
  const imagesPerSecond = ((plan.length - from.position.batch) * perBatch) / seconds;
  const entry: EpochEntry = {
    kind: 'epoch',
    stage: stageIndex,
    epoch,
    trainLoss: sum / plan.length,
    validationLoss: loss,
    validationAccuracy: accuracy,
    seconds,
    imagesPerSecond,
  };
  await ports.log.add([entry]);
  onProgress?.({
    position: done.position,
    what: stage.what,
    epochs: stage.epochs,
    batches: plan.length,
    smoothedLoss: smoother.value,
    imagesPerSecond,
    secondsLeft: (seconds / Math.max(plan.length - from.position.batch, 1)) * (steps - step),
    epoch: entry,
  });
  return { checkpoint: done, stopped: signal?.aborted === true };
}

function placed(error: unknown, place: string): unknown {
  if (!(error instanceof Fault) || error.code !== 'training-diverged') return error;
  return new Fault(
    'training-diverged',
    `${error.detail}; ${place}. A lower rate (\`lr-find\`), or the images, may be the cause`,
    error.subject,
    { cause: error },
  );
}
