import { InferenceSession } from 'onnxruntime-node';
import { adamW, clipScale, norm } from '../../adam-w.js';
import type { TrainerOptions } from '../../trainer.js';
import { divergence } from './divergence.js';
import { findBlock } from './find-block.js';
import type { OnnxSessionSettings } from '../protocol.js';
import { runningStatisticsMover } from './running-statistics.js';
import { floatTensor, stepFeeds } from './step-feeds.js';
import { trainingModel } from './training-model.js';
import { trainingNames } from './training-names.js';
import type { TrainingSession } from './training-session.js';
import { trainingTensors } from './training-tensors.js';

/** Weights lie in this process's memory, where onnxruntime reads them and writes their gradients; AdamW runs here. */
export async function openHostTrainingSession(
  options: TrainerOptions,
  { provider, threads, plainLayout = false }: OnnxSessionSettings,
): Promise<TrainingSession> {
  const model = trainingModel(options, {
    block: plainLayout ? undefined : await findBlock(provider),
    processor: provider === 'cpu' && !plainLayout,
    webgpu: false,
  });
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
  const {
    network: { architecture },
    batch,
    adamW: settings,
    maxGradientNorm,
  } = options;
  const tensors = trainingTensors(options, model);
  const feeds = stepFeeds(options);
  const moveRunningStatistics = runningStatisticsMover(options, plan);
  const weights = Object.fromEntries(
    plan.trained.map((tensor) => [tensor.name, floatTensor(tensors.weightOf(tensor), model.shapes.get(tensor.name)!)]),
  );
  const channels = tensors.runningMean.length;
  const moments = { means: new Float32Array(channels), variances: new Float32Array(channels) };
  const outputs = {
    [trainingNames.loss]: floatTensor(new Float32Array(1), [1]),
    [trainingNames.logits]: floatTensor(new Float32Array(batch * architecture.outputs), [batch, architecture.outputs]),
    ...(channels > 0
      ? {
          [trainingNames.means]: floatTensor(moments.means, [channels]),
          [trainingNames.variances]: floatTensor(moments.variances, [channels]),
        }
      : {}),
    ...Object.fromEntries(
      plan.trained.map((tensor) => [
        trainingNames.gradient(tensor.name),
        floatTensor(tensors.gradientOf(tensor), model.shapes.get(tensor.name)!),
      ]),
    ),
  };
  let done = options.resume?.step ?? 0;
  return {
    step: async (given, rates) => {
      const found = await session.run({ ...feeds(given, done), ...weights }, outputs);
      const loss = (found[trainingNames.loss]!.data as Float32Array)[0]!;
      const gradientNorm = norm(tensors.gradients);
      const diverged = divergence(loss, gradientNorm, done);
      if (diverged) return diverged;
      done++;
      for (const { group, begin, end } of tensors.ranges) {
        const learningRate = rates.learningRates[group]!;
        adamW(tensors, begin, end, {
          ...settings,
          learningRate,
          beta1: rates.momentum,
          step: done,
          gradientScale: clipScale(gradientNorm, maxGradientNorm),
        });
      }
      moveRunningStatistics(tensors, moments);
      return { loss, gradientNorm, logits: Float32Array.from(found[trainingNames.logits]!.data as Float32Array) };
    },
    state: () => Promise.resolve(tensors.state(done)),
    gradients: () => Promise.resolve(tensors.storedGradients()),
    release: () => session.release(),
  };
}
