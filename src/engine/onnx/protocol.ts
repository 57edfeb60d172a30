import type { InputBatch, LoadableNetwork, Prediction } from '../engine.js';
import type { ForeignDraft, ForeignOptions } from '../foreign/foreign-options.js';
import type { StepRates, StepResult, TrainerOptions, TrainerState, TrainingBatch } from '../trainer.js';

/** Execution providers of onnxruntime that are of use here, by the names onnxruntime-node gives them. */
export const providers = ['cpu', 'cuda', 'webgpu'] as const;

export type Provider = (typeof providers)[number];

export interface OnnxSessionSettings {
  readonly provider: Provider;
  /** Threads within one operator; one network runs at a time, so this is all the parallelism there is. */
  readonly threads: number;
  /** Trains without channel blocks, as where the processor has no kernels for them. */
  readonly plainLayout?: boolean | undefined;
}

/** A step that was not taken, with the value that was not finite. */
export interface Diverged {
  readonly diverged: string;
}

/** Requests of the engine to its process. The engine numbers the sessions. */
export type OnnxRequest =
  | { readonly kind: 'load'; readonly session: number; readonly network: LoadableNetwork; readonly settings: OnnxSessionSettings }
  | { readonly kind: 'predict'; readonly session: number; readonly input: InputBatch }
  | { readonly kind: 'start-trainer'; readonly session: number; readonly options: TrainerOptions; readonly settings: OnnxSessionSettings }
  | { readonly kind: 'step'; readonly session: number; readonly batch: TrainingBatch; readonly rates: StepRates }
  | { readonly kind: 'state'; readonly session: number }
  | { readonly kind: 'release'; readonly session: number }
  /** Names of the files beside a model of others that its tensors lie in. */
  | { readonly kind: 'companions'; readonly model: Uint8Array }
  | {
      readonly kind: 'describe';
      readonly main: string;
      readonly files: ReadonlyMap<string, Uint8Array>;
      readonly options: ForeignOptions;
    };

/** The reply to each kind of request. */
export interface Replies {
  readonly load: undefined;
  readonly predict: Prediction;
  readonly 'start-trainer': undefined;
  readonly step: StepResult | Diverged;
  readonly state: TrainerState;
  readonly release: undefined;
  readonly companions: readonly string[];
  readonly describe: ForeignDraft;
}

export type OnnxReply<R extends OnnxRequest> = Replies[R['kind']];
