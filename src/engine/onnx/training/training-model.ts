import type { TrainerOptions } from '../../trainer.js';
import { graph } from '../graph.js';
import { emitTrainingGraph, type GraphTraits, type TrainingGraph } from './training-graph.js';
import { trainingNames } from './training-names.js';

export interface TrainingModel extends Pick<TrainingGraph, 'plan' | 'tapMajor' | 'shapes'> {
  readonly bytes: Uint8Array;
}

/**
 * The training graph (see emitTrainingGraph) as an ONNX model: every trained tensor goes in under its own name and its gradient
 * comes out as `gradient:<tensor>`.
 */
export function trainingModel(options: TrainerOptions, traits: GraphTraits): TrainingModel {
  const onnx = graph(`${options.network.architecture.name}, training`);
  const { plan, gradients, tapMajor, shapes } = emitTrainingGraph(onnx, options, traits, onnx.input);
  for (const [name, shape] of shapes) onnx.output(gradients.get(name)!, trainingNames.gradient(name), shape);
  return { bytes: onnx.encode(), plan, tapMajor, shapes };
}
