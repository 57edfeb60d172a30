import type {
  Answer,
  ModelDetail,
  ModelsPage,
  Operations,
  Outcome,
  OutcomeCounts,
  RuleTest,
  ShownRetraining,
  ShownPatient,
  StudyPage,
  WorklistPage,
} from '../page-types.js';

export interface WorklistQuery {
  readonly outcome?: Outcome | undefined;
  /** Only where this finding is present; `any` for any. */
  readonly present?: string | undefined;
  /** Beginning of a Study Instance UID, else Patient ID or Accession Number, which the PACS is asked for. */
  readonly search?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

export interface Picture {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Buffer;
}

/** What the page asks for; app.ts supplies it. */
export interface PagePort {
  worklist(query: WorklistQuery): Promise<WorklistPage>;
  counts(): Promise<OutcomeCounts>;
  /** A text that changes whenever something that the page shows has changed. */
  pulse(): Promise<string>;
  /** By Study Instance UID; studies that the PACS does not hold are left out. */
  patients(studyInstanceUIDs: readonly string[]): Promise<Readonly<Record<string, ShownPatient>>>;
  /** @throws Fault `pacs-not-found` if neither the PACS nor the index knows the study */
  study(studyInstanceUID: string): Promise<StudyPage>;
  /** An image as the network saw it, or a heat map of ours. @param frameNumber 1-based */
  picture(studyInstanceUID: string, seriesInstanceUID: string, sopInstanceUID: string, frameNumber: number): Promise<Picture>;
  operations(): Promise<Operations>;
  /** What the rules would do with the studies that reached the PACS last; nothing is written. */
  testRules(limit: number): Promise<readonly RuleTest[]>;
  /** The same for a file of the disk. */
  testRulesOn(path: string, name: string): Promise<RuleTest>;
  /**
   * Findings for files; nothing is kept.
   *
   * @param path of an upload: DICOM, ZIP of DICOM, PNG or JPEG
   * @param reserve asked before more is written to the disk
   */
  answer(path: string, name: string, reserve?: (bytes: number) => Promise<void>): Promise<Answer>;
  models(): Promise<ModelsPage>;
  /** @throws Fault `model-unknown` */
  model(version: string): Promise<ModelDetail>;
  /** Retraining: under way, waiting, or how the last one ended. */
  night(): Promise<ShownRetraining>;
}
