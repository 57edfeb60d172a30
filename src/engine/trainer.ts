import type { NetworkWithWeights } from '../network/network-with-weights.js';
import type { Tensors } from '../network/safetensors.js';
import type { InputBatch } from './engine.js';

/** What the outputs mean, and so what the loss is. */
export type Objective =
  /**
   * Exactly one class is present: softmax cross-entropy (`torch.nn.CrossEntropyLoss`). With targets t, class weights w, example
   * weights v and smoothed targets s = (1 − labelSmoothing) · t + labelSmoothing / outputs:
   * `−Σ v · Σ s · w · log softmax(logits) / Σ v · Σ t · w`, which for one-hot t is PyTorch's for class indices.
   */
  | { readonly kind: 'one-of-many'; readonly labelSmoothing?: number; readonly classWeights?: readonly number[] }
  /**
   * Each finding is present or absent: binary cross-entropy with logits (`torch.nn.BCEWithLogitsLoss`, `classWeights` = `pos_weight`),
   * the sum of the targets' weighted losses over the sum of their weights.
   */
  | { readonly kind: 'several'; readonly classWeights?: readonly number[] };

export interface TrainerOptions {
  readonly network: NetworkWithWeights;
  readonly objective: Objective;
  /** Fixed for all steps, so that an engine can plan its memory. */
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Names of the layers of each group, from the input on; each group has a learning rate of its own. */
  readonly layerGroups: readonly (readonly string[])[];
  /** Groups before this one keep their weights and cost no gradient. */
  readonly trainFromGroup: number;
  /**
   * Batch norms of frozen groups: `still` uses their running statistics and changes nothing (so features can be
   * computed once); `train` is fastai's `train_bn=True`: batch statistics, and their weight and bias are trained,
   * at their group's rate.
   */
  readonly frozenBatchNorms: 'still' | 'train';
  /** AdamW (Loshchilov & Hutter, arXiv 1711.05101): decay decoupled, for every trained tensor, biases and batch norms too. */
  readonly adamW: { readonly beta2: number; readonly epsilon: number; readonly weightDecay: number };
  /** Largest global norm of the gradient (`torch.nn.utils.clip_grad_norm_`); without it nothing is clipped. */
  readonly maxGradientNorm?: number;
  /** Of dropout masks (network/dropout-mask.ts): the mask of step i is a function of seed, layer and i, on every engine the same. */
  readonly seed: number;
  /** Continues where a trainer with the same options stopped. */
  readonly resume?: TrainerState;
}

export interface TrainingBatch {
  readonly input: InputBatch;
  /** `batch * outputs`: a distribution over the classes for `one-of-many`, 0 to 1 each for `several`. */
  readonly targets: Float32Array;
  /**
   * Weight of each example (`one-of-many`: `batch` values) or of each target (`several`: `batch * outputs`, 0 where the
   * label is unknown); 1 if not given. The loss is the weighted mean.
   */
  readonly weights?: Float32Array;
}

export interface StepRates {
  /** One for each layer group; that of a frozen group is used for its batch norms only, where these are trained. */
  readonly learningRates: readonly number[];
  /** AdamW's beta 1. */
  readonly momentum: number;
}

export interface StepResult {
  /** Before the update, of this batch. */
  readonly loss: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** `batch * outputs`, in training mode. */
  readonly logits: Float32Array;
}

/** Everything a later process needs to go on to the same weights. */
export interface TrainerState {
  /** Steps done: the number of the next one, counted from 0. */
  readonly step: number;
  /** Weights and running statistics under torchvision's names. */
  readonly tensors: Tensors;
  /** AdamW's averages of every trained tensor: `${tensor}.expAvg` and `${tensor}.expAvgSq`, of the tensor's shape. */
  readonly optimizer: Tensors;
}

/** One network being trained on one engine. Calls are made one after the other. */
export interface Trainer {
  /** @throws Fault 'training-diverged' if loss or gradient is not finite; the weights are then those before the step */
  step(batch: TrainingBatch, rates: StepRates): Promise<StepResult>;
  /** A copy. */
  state(): Promise<TrainerState>;
  release(): Promise<void>;
}

/** An engine that can train besides predicting. */
export interface TrainingEngine {
  startTrainer(options: TrainerOptions): Promise<Trainer>;
}
