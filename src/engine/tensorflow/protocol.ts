import type { InputBatch, LoadableNetwork, Prediction } from '../engine.js';
import type { ForeignDraft, ForeignOptions } from '../foreign/foreign-options.js';
import type { StepRates, StepResult, TrainerOptions, TrainerState, TrainingBatch } from '../trainer.js';

/** Requests of the engine to its process. The engine numbers networks and trainers. */
export type TensorFlowRequest =
  | { readonly kind: 'load'; readonly session: number; readonly network: LoadableNetwork }
  | { readonly kind: 'predict'; readonly session: number; readonly input: InputBatch }
  | { readonly kind: 'release'; readonly session: number }
  | { readonly kind: 'train'; readonly session: number; readonly options: TrainerOptions }
  | { readonly kind: 'step'; readonly session: number; readonly batch: TrainingBatch; readonly rates: StepRates }
  | { readonly kind: 'state'; readonly session: number }
  /** Names of the files that a model.json lists. */
  | { readonly kind: 'companions'; readonly model: Uint8Array }
  | { readonly kind: 'describe'; readonly main: string; readonly files: ReadonlyMap<string, Uint8Array>; readonly options: ForeignOptions }
  /** Number of tensors in the backend; a test checks that all are disposed of. */
  | { readonly kind: 'tensors' };

/** What a request is answered with. */
export interface NamedValues {
  readonly load: undefined;
  readonly predict: Prediction;
  readonly release: undefined;
  readonly train: undefined;
  readonly step: StepResult;
  readonly state: TrainerState;
  readonly companions: readonly string[];
  readonly describe: ForeignDraft;
  readonly tensors: number;
}

/** The first message states whether the backend started; replies to requests follow (../compute-process.ts). */
export type Started = { readonly started: string } | { readonly refused: string };
