import type { StepRates, StepResult, TrainerOptions, TrainerState, TrainingBatch } from '../trainer.js';
import { openDeviceTrainingSession } from './device-training-session.js';
import { openHostTrainingSession } from './host-training-session.js';
import type { Diverged, SessionSettings } from './protocol.js';

/** A network in training on onnxruntime. Blocks its thread while it computes. */
export interface TrainingSession {
  step(batch: TrainingBatch, rates: StepRates): Promise<StepResult | Diverged>;
  state(): Promise<TrainerState>;
  /** Gradients of the last step, before clipping, by tensor: for tests. */
  gradients(): Promise<ReadonlyMap<string, Float32Array>>;
  release(): Promise<void>;
}

/** Weights stay on the device between steps where the binding of onnxruntime can hold them there: with WebGPU. */
export function openTrainingSession(options: TrainerOptions, settings: SessionSettings): Promise<TrainingSession> {
  return settings.provider === 'webgpu' ? openDeviceTrainingSession(options, settings) : openHostTrainingSession(options, settings);
}
