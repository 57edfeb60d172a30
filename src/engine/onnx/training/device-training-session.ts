import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { adamWFactors } from '../../adam-w.js';
import type { StepRates, TrainerOptions } from '../../trainer.js';
import { openDeviceReader } from './device-reader.js';
import { deviceNames, deviceTrainingModel, type DevicePart } from './device-training-model.js';
import { divergence } from './divergence.js';
import type { OnnxSessionSettings } from '../protocol.js';
import { runningStatisticsMover } from './running-statistics.js';
import { floatTensor, stepFeeds } from './step-feeds.js';
import { trainingNames } from './training-names.js';
import type { TrainingSession } from './training-session.js';
import { trainingTensors } from './training-tensors.js';

/** Where onnxruntime's binding leaves what is not to be copied back; the only such place that it knows. */
const onDevice = 'gpu-buffer';

/**
 * Weights and AdamW's averages stay on the device (IO binding): what a step writes there is what the next one reads. Pictures and rates
 * go up with each step; loss, norm, logits and the batch norms' statistics come back, everything else when the state is requested.
 */
export async function openDeviceTrainingSession(
  options: TrainerOptions,
  { provider, threads }: OnnxSessionSettings,
): Promise<TrainingSession> {
  const { bytes, plan, parts } = deviceTrainingModel(options, { block: undefined, processor: false, webgpu: true });
  const kept = parts.flatMap(({ group }) => [
    ...deviceNames.vectors.map((vector) => deviceNames.after(vector, group)),
    deviceNames.gradients(group),
  ]);
  const session = await InferenceSession.create(bytes, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // elsewhere the same graph runs with its vectors in memory, which is how the tests reach every network without a GPU
    ...(provider === 'webgpu' ? { preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, onDevice])) } : {}),
  });
  const reader = await openDeviceReader(provider);
  const tensors = trainingTensors(options, { plan, tapMajor: new Set() });
  const feeds = stepFeeds(options);
  const moveRunningStatistics = runningStatisticsMover(options, plan);
  const { adamW: settings } = options;
  const vectors = new Map(
    parts.flatMap((part) =>
      deviceNames.vectors.map((vector): [string, Tensor] => [deviceNames.before(vector, part.group), uploaded(tensors[vector], part)]),
    ),
  );
  let gradients: ReadonlyMap<number, Tensor> = new Map();
  let done = options.resume?.step ?? 0;

  return {
    step: async (given, rates) => {
      const found = await session.run({ ...feeds(given, done), ...Object.fromEntries(vectors), ...ratesOf(rates, done + 1) });
      const floats = (name: string): Float32Array => found[name]!.data as Float32Array;
      const [loss, gradientNorm] = [floats(trainingNames.loss)[0]!, floats(deviceNames.norm)[0]!];
      gradients.forEach((tensor) => tensor.dispose());
      gradients = new Map(parts.map(({ group }) => [group, found[deviceNames.gradients(group)]!]));
      const diverged = divergence(loss, gradientNorm, done);
      for (const { group } of parts) {
        for (const vector of deviceNames.vectors) {
          const [before, after] = [deviceNames.before(vector, group), found[deviceNames.after(vector, group)]!];
          if (diverged) after.dispose();
          else {
            vectors.get(before)!.dispose();
            vectors.set(before, after);
          }
        }
      }
      if (diverged) return diverged;
      done++;
      if (trainingNames.means in found)
        moveRunningStatistics(tensors, { means: floats(trainingNames.means), variances: floats(trainingNames.variances) });
      return { loss, gradientNorm, logits: Float32Array.from(floats(trainingNames.logits)) };
    },
    state: async () => {
      for (const part of parts)
        for (const vector of deviceNames.vectors)
          await download(vectors.get(deviceNames.before(vector, part.group))!, tensors[vector], part);
      return tensors.state(done);
    },
    gradients: async () => {
      for (const part of parts) await download(gradients.get(part.group)!, tensors.gradients, part);
      return tensors.storedGradients();
    },
    release: async () => {
      for (const tensor of [...vectors.values(), ...gradients.values()]) tensor.dispose();
      await reader.release();
      await session.release();
    },
  };

  async function download(tensor: Tensor, into: Float32Array, { begin, end }: DevicePart): Promise<void> {
    // before the first step nothing is on the device
    const found = tensor.location === 'cpu' ? (tensor.data as Float32Array) : await reader.read(tensor);
    into.set(found.subarray(0, end - begin), begin);
  }

  function ratesOf({ learningRates, momentum }: StepRates, step: number): Readonly<Record<string, Tensor>> {
    const each = parts.map(({ group }): [string, Tensor] => {
      const { keep, size, root } = adamWFactors({ ...settings, learningRate: learningRates[group]!, beta1: momentum, step });
      return [deviceNames.rates(group), floatTensor(Float32Array.of(keep, size, root), [3])];
    });
    return { ...Object.fromEntries(each), [deviceNames.renewal]: floatTensor(Float32Array.of(1 - momentum), [1]) };
  }
}

/** A part of one of the long vectors, filled up with zeros; the first step takes it to the device. */
function uploaded(vector: Float32Array, { begin, end, length }: DevicePart): Tensor {
  const filled = new Float32Array(length);
  filled.set(vector.subarray(begin, end));
  return floatTensor(filled, [length]);
}
