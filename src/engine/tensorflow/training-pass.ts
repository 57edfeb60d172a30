import * as tf from '@tensorflow/tfjs-core';
import { networkInputName, type Architecture } from '../../network/architecture.js';
import { dropoutMask } from '../../network/dropout-mask.js';
import type { Objective, TrainingBatch } from '../trainer.js';
import { toActivations } from './layout.js';
import type { LayerRun } from './layer-run.js';
import { lossAndGradient } from './loss-and-gradient.js';
import { runLayer } from './run-layer.js';
import type { PassPlan, PlannedLayer } from './training-plan.js';

export interface TrainingPassOptions {
  readonly architecture: Architecture;
  readonly plan: PassPlan;
  readonly objective: Objective;
  readonly seed: number;
}

/** What one look at a batch yields, all on the backend; the caller disposes of it. */
export interface TrainingPass {
  readonly loss: tf.Scalar;
  readonly logits: tf.Tensor2D;
  /** Global L2 norm of all gradients. */
  readonly norm: tf.Scalar;
  /** Of every trained tensor, in the backend's layout. */
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
  /** New contributions to running statistics: `${layer}.running_mean`, `${layer}.running_var` (unbiased). */
  readonly statistics: Readonly<Record<string, tf.Tensor>>;
}

/** Forwards and backwards through the network once. What a layer leaves behind is given up as soon as its gradient has passed. */
export function trainingPass(
  options: TrainingPassOptions,
  weights: ReadonlyMap<string, tf.Tensor>,
  batch: TrainingBatch,
  step: number,
): TrainingPass {
  return tf.tidy(() => {
    const { architecture, plan, objective } = options;
    const { values, runs, statistics } = forward(options, weights, batch, step);
    const logits = tf.clone(values.get(architecture.logits) as tf.Tensor2D);
    const { loss, gradient } = lossAndGradient(objective, logits, batch);
    const gradients = backward(plan, values, runs, architecture.logits, gradient);
    const squares = Object.values(gradients).map((one) => tf.tidy(() => tf.sum(tf.square(one))));
    return { loss, logits, norm: tf.sqrt(tf.sum(tf.stack(squares))) as tf.Scalar, gradients, statistics };
  });
}

interface Forward {
  readonly values: Map<string, tf.Tensor>;
  readonly runs: Map<string, LayerRun>;
  readonly statistics: Record<string, tf.Tensor>;
}

function forward(
  { plan, seed }: TrainingPassOptions,
  weights: ReadonlyMap<string, tf.Tensor>,
  batch: TrainingBatch,
  step: number,
): Forward {
  const values = new Map<string, tf.Tensor>([[networkInputName, toActivations(batch.input)]]);
  const runs = new Map<string, LayerRun>();
  const statistics: Record<string, tf.Tensor> = {};
  for (const { layer, inputs, batchStatistics, reached, finished } of plan.layers) {
    const run = runLayer(
      layer,
      inputs.map((name) => values.get(name)!),
      {
        batchStatistics,
        parameter: (name) => weights.get(`${layer.name}.${name}`)!,
        mask: (count) => dropoutMask(seed, layer.name, step, count, layer.kind === 'dropout' ? layer.rate : 0),
      },
    );
    values.set(layer.name, run.output);
    if (reached) runs.set(layer.name, run);
    else tf.dispose([...(run.kept ?? [])]);
    if (run.statistics) {
      statistics[`${layer.name}.running_mean`] = run.statistics.mean;
      statistics[`${layer.name}.running_var`] = run.statistics.variance;
    }
    for (const name of finished) values.get(name)!.dispose();
  }
  return { values, runs, statistics };
}

function backward(
  { layers }: PassPlan,
  values: ReadonlyMap<string, tf.Tensor>,
  runs: ReadonlyMap<string, LayerRun>,
  logits: string,
  ofLogits: tf.Tensor,
): Record<string, tf.Tensor> {
  const reached = new Set(layers.filter((one) => one.reached).map(({ layer }) => layer.name));
  const gradients: Record<string, tf.Tensor> = {};
  const arriving = new Map<string, tf.Tensor>([[logits, ofLogits]]);
  for (const { layer, inputs, learns, passesOn } of [...layers].reverse().filter((one: PlannedLayer) => one.reached)) {
    const gradient = arriving.get(layer.name)!;
    const run = runs.get(layer.name)!;
    const shares = tf.tidy(() => run.backward(gradient, { inputs: passesOn, parameters: learns }));
    for (const [name, share] of shares.parameters) {
      if (learns) gradients[`${layer.name}.${name}`] = share;
      else share.dispose();
    }
    for (const [index, share] of shares.inputs.entries()) add(arriving, inputs[index]!, share, reached);
    tf.dispose([gradient, values.get(layer.name)!, ...(run.kept ?? [])]);
  }
  return gradients;
}

function add(arriving: Map<string, tf.Tensor>, name: string, share: tf.Tensor, reached: ReadonlySet<string>): void {
  if (!reached.has(name)) return share.dispose();
  const known = arriving.get(name);
  if (!known) return void arriving.set(name, share);
  arriving.set(name, tf.add(known, share));
  tf.dispose([known, share]);
}
