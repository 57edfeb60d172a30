import type { TrainerOptions } from '../../trainer.js';
import { openDeviceTrainingSession } from './device-training-session.js';
import { openHostTrainingSession } from './host-training-session.js';
import type { OnnxSessionSettings } from '../protocol.js';
import type { TrainingSession } from './training-session.js';

/** Weights stay on the device between steps if the binding of onnxruntime supports it, which is with WebGPU. */
export function openTrainingSession(options: TrainerOptions, settings: OnnxSessionSettings): Promise<TrainingSession> {
  return settings.provider === 'webgpu' ? openDeviceTrainingSession(options, settings) : openHostTrainingSession(options, settings);
}
