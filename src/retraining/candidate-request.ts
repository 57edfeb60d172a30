import type { Example, ExampleSource } from '../dataset/example.js';
import type { LabelOrigin } from '../lib/label-origin.js';
import type { PictureCache } from '../dataset/picture-cache.js';
import type { Part, Split } from '../dataset/split.js';
import type { Engine } from '../engine/engine.js';
import type { TrainingEngine } from '../engine/trainer.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import type { LabelRules } from '../evaluation/truth.js';
import type { ArchitectureSpec } from '../network/architecture-spec.js';
import type { Tensors } from '../network/safetensors.js';
import type { Candidate } from '../registry/candidate.js';
import type { InputSpecification, NetworkFile } from '../registry/model-file.js';
import type { Position } from '../training/checkpoint.js';
import type { Recipe } from '../training/recipe.js';
import type { TrainingProgress } from '../training/training-run.js';

/** Labelled images, and what a candidate needs besides its weights. */
export interface CandidateBasis {
  /** Folder of this run alone; the checkpoint of an earlier call is continued. */
  readonly directory: string;
  readonly dataset: { readonly name: string; readonly source: ExampleSource; readonly split: Split; readonly sha256?: string | undefined };
  /** Names of the outputs: names of config/findings.json for those that a report contains. */
  readonly classes: readonly string[];
  readonly objective: 'one-of-many' | 'several';
  /** The class among them that is not a finding: whether the picture is of the kind that the network is made for (dataset/guard-class.ts). */
  readonly guardClass?: string | undefined;
  readonly labelRules: LabelRules;
  readonly kind: 'xray' | 'ct';
  readonly initial: { readonly parent: string | null; readonly startedFrom?: string | undefined };
  readonly input: InputSpecification;
  /** How the prediction of a study follows from those of its slices. */
  readonly study?: NonNullable<NetworkFile['study']> | undefined;
  readonly recipe: Recipe;
  readonly cache: PictureCache;
  readonly engine: Engine & TrainingEngine;
  readonly workers?: number | undefined;
  readonly model: Pick<Candidate, 'name' | 'manufacturer' | 'license'> & {
    readonly codeVersion: string;
    readonly settings: Readonly<Record<string, unknown>>;
  };
  readonly clock: { now(): Date };
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Called when the images are accepted, before training starts; `directory` exists then. */
  readonly onBegin?: (() => Promise<void>) | undefined;
  readonly onReading?: (done: number, total: number) => void;
}

/** Labelled images, and how to train a network of a known architecture on them. */
export interface CandidateRequest extends CandidateBasis {
  readonly architecture: ArchitectureSpec;
  /** Stores the weights in 16 bits. */
  readonly halfPrecision?: boolean;
  readonly initial: CandidateBasis['initial'] & { readonly tensors: Tensors };
}

export type CandidateOutcome =
  | { readonly finished: false; readonly position: Position; readonly warnings: readonly string[] }
  | { readonly finished: true; readonly candidate: Candidate; readonly report: EvaluationReport; readonly warnings: readonly string[] };

/** An example that can be read and whose labels the classes describe. */
export interface UsableExample {
  readonly example: Example;
  readonly part: Part;
  /** One value per class: 1 present, 0 absent, null unknown. */
  readonly truth: readonly (0 | 1 | null)[];
  /** Where each truth comes from; null if it is not stated. */
  readonly origins: readonly (LabelOrigin | null)[];
}
