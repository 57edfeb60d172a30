import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { BatchNormLayer } from '../../network/architecture.js';
import { dropoutMask } from '../../network/dropout-mask.js';
import { layerSizes } from '../../network/layer-sizes.js';
import { adamW, clipScale, norm } from '../adam-w.js';
import { lossTerms } from '../loss-terms.js';
import type { StepRates, StepResult, TrainerOptions, TrainerState, TrainingBatch } from '../trainer.js';
import type { Diverged, SessionSettings } from './protocol.js';
import { findBlock } from './find-block.js';
import { dropoutInput } from './training-forward.js';
import { trainingModel } from './training-model.js';
import { trainingNames } from './training-names.js';
import { trainingTensors } from './training-tensors.js';

/** A network in training on onnxruntime. Blocks its thread while it computes. */
export interface TrainingSession {
  step(batch: TrainingBatch, rates: StepRates): Promise<StepResult | Diverged>;
  state(): TrainerState;
  /** Gradients of the last step, before clipping, by tensor: for tests. */
  gradients(): ReadonlyMap<string, Float32Array>;
  release(): Promise<void>;
}

export async function openTrainingSession(options: TrainerOptions, { provider, threads, plainLayout = false }: SessionSettings): Promise<TrainingSession> {
  const model = trainingModel(options, plainLayout ? undefined : await findBlock(provider));
  const { plan, bytes } = model;
  const session = await InferenceSession.create(bytes, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // the plan of memory is a second arena beside the one that the first step filled
    enableMemPattern: false,
    logSeverityLevel: 3,
    // threads wait awake between the many small operators of a step, not between steps
    extra: { session: { force_spinning_stop: '1' } },
  });
  const { network: { architecture }, objective, batch, height, width, seed, adamW: settings, maxGradientNorm } = options;
  const tensors = trainingTensors(options, model);
  const sizes = layerSizes(architecture, height, width);
  const norms = architecture.layers.filter((layer): layer is BatchNormLayer => plan.batchStatistics(layer));
  const dropouts = architecture.layers.filter((layer) => layer.kind === 'dropout');
  const float = (data: Float32Array, shape: readonly number[]): Tensor => new Tensor('float32', data, shape);
  const weights = Object.fromEntries(plan.trained.map((tensor) => [tensor.name, float(tensors.weightOf(tensor), model.shapes.get(tensor.name)!)]));
  const statistics = { means: new Float32Array(tensors.runningMean.length), variances: new Float32Array(tensors.runningMean.length) };
  const outputs = {
    [trainingNames.loss]: float(new Float32Array(1), [1]),
    [trainingNames.logits]: float(new Float32Array(batch * architecture.outputs), [batch, architecture.outputs]),
    ...(norms.length > 0 ? { [trainingNames.means]: float(statistics.means, [statistics.means.length]), [trainingNames.variances]: float(statistics.variances, [statistics.means.length]) } : {}),
    ...Object.fromEntries(plan.trained.map((tensor) => [trainingNames.gradient(tensor.name), float(tensors.gradientOf(tensor), model.shapes.get(tensor.name)!)])),
  };
  let done = options.resume?.step ?? 0;
  return {
    step: async (given, rates) => {
      const terms = lossTerms(objective, given, architecture.outputs);
      const masks = dropouts.map(({ name, rate }) => {
        const { channels } = sizes.get(name)!;
        return [dropoutInput(name), float(dropoutMask(seed, name, done, batch * channels, rate), [batch, channels])] as const;
      });
      const feeds = {
        [trainingNames.input]: float(given.input.data, [batch, architecture.inputChannels, height, width]),
        [trainingNames.positive]: float(terms.positive, [batch, architecture.outputs]),
        ...(objective.kind === 'several' ? { [trainingNames.negative]: float(terms.negative, [batch, architecture.outputs]) } : {}),
        ...Object.fromEntries(masks),
        ...weights,
      };
      const found = await session.run(feeds, outputs);
      const loss = (found[trainingNames.loss]!.data as Float32Array)[0]!;
      const gradientNorm = norm(tensors.gradients);
      if (!Number.isFinite(loss)) return { diverged: `the loss is ${loss} in step ${done}` };
      if (!Number.isFinite(gradientNorm)) return { diverged: `the norm of the gradient is ${gradientNorm} in step ${done}` };
      done++;
      for (const { group, begin, end } of tensors.ranges) {
        const learningRate = rates.learningRates[group]!;
        adamW(tensors, begin, end, { ...settings, learningRate, beta1: rates.momentum, step: done, gradientScale: clipScale(gradientNorm, maxGradientNorm) });
      }
      moveRunningStatistics();
      return { loss, gradientNorm, logits: Float32Array.from(found[trainingNames.logits]!.data as Float32Array) };
    },
    state: () => tensors.state(done),
    gradients: tensors.storedGradients,
    release: () => session.release(),
  };

  /** PyTorch's: a tenth of the way to the batch's mean and unbiased variance. */
  function moveRunningStatistics(): void {
    let index = 0;
    for (const { name, channels } of norms) {
      const { height: rows, width: columns } = sizes.get(name)!;
      const count = batch * rows * columns;
      for (const end = index + channels; index < end; index++) {
        tensors.runningMean[index]! += 0.1 * (statistics.means[index]! - tensors.runningMean[index]!);
        tensors.runningVariance[index]! += 0.1 * ((statistics.variances[index]! * count) / (count - 1) - tensors.runningVariance[index]!);
      }
    }
  }
}
