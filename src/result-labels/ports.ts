import type { ConsensusStatement } from './rejected-findings.js';

/* What the result labels need from outside; `service` supplies the implementations. */

/** What the index contains of a study, as far as labels follow from it. */
export interface ResultState {
  readonly studyInstanceUID: string;
  /** The PACS's own id of the study that the result is about. */
  readonly pacsStudyId: string;
  /** Of the current result; absent where there is none. */
  readonly outcome?: 'reported' | 'skipped' | 'failed' | undefined;
  readonly findings: readonly { readonly name: string; readonly decision: 'present' | 'absent' | 'undetermined' }[];
  /** Absent where there is no result. */
  readonly reading?: ReadingMarks | undefined;
}

export interface ReadingMarks {
  /** Selected by a routing rule, and not from an archive. */
  readonly waits: boolean;
  readonly readAt: Date | null;
  readonly claimedUntil: Date | null;
}

export interface LabelIndex {
  find(studyInstanceUID: string): Promise<ResultState | undefined>;
  /** By UID: start again after the last one of a page. */
  page(options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly ResultState[]>;
  /** Statements of readers about these studies, for rejectedFindings. */
  statements(studyInstanceUIDs: readonly string[]): Promise<readonly ConsensusStatement[]>;
}

/** Labels of studies in the PACS, by its own ids. Each throws a Fault of the PACS. */
export interface LabelPacs {
  /** Orthanc's version if it has no labels (before 1.12), else undefined. */
  versionWithoutLabels(): Promise<string | undefined>;
  /** All labels of these studies; studies that are gone are left out. */
  labelsOf(pacsStudyIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  add(pacsStudyId: string, label: string): Promise<void>;
  /** A label that the study does not carry may be removed, too. */
  remove(pacsStudyId: string, label: string): Promise<void>;
}
