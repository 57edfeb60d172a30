import type { LoadedModelVersion } from './model-serving.js';

/** The champion of a model line, for one study. */
export interface LineModel extends LoadedModelVersion {
  readonly line: string;
}

/** A line whose champion cannot be loaded, so that it takes no part. */
export interface UnavailableLine {
  readonly line: string;
  readonly version: string;
  /** Of the fault. */
  readonly code: string;
}

/** The models that are deployed at one moment, by falling precedence. */
export interface StudyModels {
  readonly models: readonly LineModel[];
  readonly unavailable: readonly UnavailableLine[];
}
