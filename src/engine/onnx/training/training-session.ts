import type { StepRates, StepResult, TrainerState, TrainingBatch } from '../../trainer.js';
import type { Diverged } from '../protocol.js';

/** A network in training on onnxruntime. Blocks its thread while it computes. */
export interface TrainingSession {
  step(batch: TrainingBatch, rates: StepRates): Promise<StepResult | Diverged>;
  state(): Promise<TrainerState>;
  /** Gradients of the last step, before clipping, by tensor: for tests. */
  gradients(): Promise<ReadonlyMap<string, Float32Array>>;
  release(): Promise<void>;
}
