import * as tf from '@tensorflow/tfjs-core';
import type { Architecture, ConvLayer } from '../../network/architecture.js';
import { parametersOf } from '../../network/parameters.js';
import type { Tensor, Tensors } from '../../network/safetensors.js';
import { clipScale } from '../adam-w.js';
import type { StepRates, StepResult, TrainerOptions, TrainerState, TrainingBatch } from '../trainer.js';
import { tensorAdamW, type Moments } from './adam-w.js';
import { statisticsMomentum } from './batch-norm.js';
import { fromFilter, toFilter } from './layout.js';
import { trainingPass } from './training-pass.js';
import { passPlan } from './training-plan.js';

/** A network being trained on the backend of this process. Weights and averages stay there between steps. */
export interface TensorFlowTrainingSession {
  step(batch: TrainingBatch, rates: StepRates): Promise<StepResult>;
  state(): Promise<TrainerState>;
  release(): void;
}

/** Thrown by a step whose loss or gradient is not finite; the weights are those before it. */
class DivergedError extends Error {
  override readonly name = 'Diverged';
}

export function trainingSession(options: TrainerOptions): TensorFlowTrainingSession {
  const {
    network: { architecture, tensors },
    objective,
    seed,
    resume,
  } = options;
  const plan = passPlan(architecture, options);
  const layout = layoutOf(architecture);
  const weights = new Map(parametersOf(architecture).map(({ name }) => [name, layout.put(name, (resume?.tensors ?? tensors).get(name)!)]));
  const moments = new Map(plan.trained.map(({ name }) => [name, startMoments(name)]));
  let steps = resume?.step ?? 0;

  function startMoments(name: string): Moments {
    const [average, averageSquare] = ['expAvg', 'expAvgSq'].map((part) => {
      const known = resume?.optimizer.get(`${name}.${part}`);
      return known ? layout.put(name, known) : tf.zerosLike(weights.get(name)!);
    });
    return { average: average!, averageSquare: averageSquare! };
  }
  const replace = (name: string, next: tf.Tensor): void => {
    weights.get(name)!.dispose();
    weights.set(name, next);
  };

  return {
    step: async (batch, rates) => {
      const { loss, logits, norm, gradients, statistics } = trainingPass({ architecture, plan, objective, seed }, weights, batch, steps);
      try {
        const [[lossValue], [normValue], logitValues] = (await Promise.all(
          [loss, norm, logits].map(async (tensor) => (await tensor.data()) as Float32Array),
        )) as [Float32Array, Float32Array, Float32Array];
        if (!Number.isFinite(lossValue) || !Number.isFinite(normValue))
          throw new DivergedError(
            `step ${steps}: expected a finite loss and gradient, found loss ${lossValue} and gradient norm ${normValue}`,
          );
        steps++;
        const clip = clipScale(normValue!, options.maxGradientNorm);
        for (const { name, group } of plan.trained) {
          const next = tensorAdamW({
            weight: weights.get(name)!,
            gradient: gradients[name]!,
            moments: moments.get(name)!,
            clip,
            step: steps,
            rate: rates.learningRates[group]!,
            beta1: rates.momentum,
            ...options.adamW,
          });
          replace(name, next.weight);
          tf.dispose({ ...moments.get(name)! });
          moments.set(name, next.moments);
        }
        for (const [name, seen] of Object.entries(statistics)) {
          replace(
            name,
            tf.tidy(() => tf.add(tf.mul(weights.get(name)!, 1 - statisticsMomentum), tf.mul(seen, statisticsMomentum))),
          );
        }
        return { loss: lossValue!, gradientNorm: normValue!, logits: logitValues };
      } finally {
        tf.dispose([loss, logits, norm, Object.values(gradients), Object.values(statistics)]);
      }
    },
    state: async () => {
      const optimizer = new Map<string, Tensor>();
      for (const [name, { average, averageSquare }] of moments) {
        optimizer.set(`${name}.expAvg`, await layout.take(name, average));
        optimizer.set(`${name}.expAvgSq`, await layout.take(name, averageSquare));
      }
      const copies = new Map<string, Tensor>();
      for (const [name, weight] of weights) copies.set(name, await layout.take(name, weight));
      return { step: steps, tensors: copies as Tensors, optimizer };
    },
    release: () => {
      for (const weight of weights.values()) weight.dispose();
      for (const { average, averageSquare } of moments.values()) tf.dispose([average, averageSquare]);
    },
  };
}

/** Tensors onto the backend and back, filters turned on the way. */
function layoutOf({ layers }: Architecture) {
  const convs = new Map<string, ConvLayer>(
    layers.flatMap((layer) => (layer.kind === 'conv' ? [[`${layer.name}.weight`, layer] as const] : [])),
  );
  return {
    put: (name: string, tensor: Tensor): tf.Tensor => {
      const conv = convs.get(name);
      return conv ? toFilter(conv, tensor) : tf.tensor(tensor.data, [...tensor.shape], 'float32');
    },
    take: async (name: string, tensor: tf.Tensor): Promise<Tensor> => {
      const conv = convs.get(name);
      const turned = conv ? fromFilter(conv, tensor) : tf.clone(tensor);
      const data = (await turned.data()) as Float32Array;
      turned.dispose();
      return { shape: turned.shape, data: new Float32Array(data) };
    },
  };
}
