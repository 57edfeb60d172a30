import type { Config } from '../config.js';
import type { DataSet } from '../dicom/data-set.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { FramedInput, ImageReader } from '../serving/image-reader.js';
import type { AgreedLabel } from '../store/labels.js';
import type { StudyChanges } from '../store/study-changes.js';
import type { LabelledStudies } from './labelled-studies.js';
import type { RetrainingPlace } from './retraining-folders.js';
import type { RetrainingMemory } from './retraining-memory.js';
import type { RetrainingPlan } from './retraining-plan.js';
import type { RetrainingOutcome } from './run-outcome.js';

/* What retraining needs from outside; src/service supplies it. */

export interface RetrainingPorts {
  readonly settings: RetrainingSettings;
  /** All labels on which the readers of a study agree. */
  agreedLabels(): Promise<readonly AgreedLabel[]>;
  readonly pacs: LabelledStudies;
  /** The name of an image's site for drift: a configured name or a keyed hash. */
  siteOf(instance: DataSet): string;
  /** Decodes images to this size, in pixels. */
  readerFor(frame: FramedInput): Pick<ImageReader, 'readXray'>;
  readonly registry: Registry;
  readonly memory: RetrainingMemory;
  /** Studies that changed, were deleted or were erased; absent where there is no database. */
  readonly studyChanges?: Pick<StudyChanges, 'newest' | 'after'> | undefined;
  /** Trains and evaluates in a process of its own, so that reporting continues. `folder` is that of the run. */
  trainAndEvaluate(plan: RetrainingPlan, folder: string, signal: AbortSignal): Promise<RetrainingOutcome>;
  /** Version of this program. */
  readonly codeVersion: string;
  readonly clock: { now(): Date };
  readonly log: Log;
}

export interface RetrainingSettings extends RetrainingPlace {
  readonly retraining: Config['retraining'];
  /** Maximum number of images of a study. */
  readonly maxImages: number;
}
