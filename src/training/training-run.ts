import type { PictureCache } from '../dataset/picture-cache.js';
import type { Engine } from '../engine/engine.js';
import type { Objective, TrainingEngine } from '../engine/trainer.js';
import type { Architecture } from '../network/architecture.js';
import type { Tensors } from '../network/safetensors.js';
import type { TrainingImage, TrainingInput } from './batches.js';
import type { Position } from './checkpoint.js';
import type { Recipe } from './recipe.js';
import type { LogEntry } from './training-log.js';

/** A network to be trained, and all that it depends on. */
export interface TrainingRun {
  /** Of this run alone: checkpoints, `log.jsonl`, `loss.png`. A run that was interrupted is continued from what is there. */
  readonly directory: string;
  readonly architecture: Architecture;
  /** First weights: from scratch, published, or of the deployed model. */
  readonly initial: Tensors;
  readonly input: TrainingInput;
  readonly kind: Objective['kind'];
  readonly train: readonly TrainingImage[];
  readonly validation: readonly TrainingImage[];
  /** Holds the pictures of both. */
  readonly cache: PictureCache;
  readonly recipe: Recipe;
  /** The output that is no finding, if there is one. */
  readonly guardOutput?: number | undefined;
  readonly engine: Engine & TrainingEngine;
  /** Threads that augment; one less than the machine's cores if not given. */
  readonly workers?: number | undefined;
  /** Stops after the step under way, with a checkpoint: the next run goes on. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

export interface TrainingProgress {
  readonly position: Position;
  readonly what: Recipe['stages'][number]['what'];
  readonly epochs: number;
  readonly batches: number;
  readonly smoothedLoss: number;
  readonly imagesPerSecond: number;
  /** Of this stage, at the speed so far; validation is not counted. */
  readonly secondsLeft: number;
  /** At the end of an epoch. */
  readonly epoch?: Extract<LogEntry, { kind: 'epoch' }> | undefined;
}
