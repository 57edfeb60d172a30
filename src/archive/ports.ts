import type { Log } from '../log.js';
import type { Clock } from '../reporting/ports.js';
import type { SearchForStudies } from '../reporting/every-study.js';
import type { BackfillOutcome, BackfillRow, Backfills } from '../store/backfills.js';

/* What the archive story needs from outside; `service` supplies the implementations. */

/** Whether a study needs jobs, and under which keys they are queued; or its outcome without any. */
export type ExaminedStudy =
  | { readonly state: 'needed'; readonly jobKeys: readonly string[] }
  | { readonly state: Exclude<BackfillOutcome, 'done'> };

/** A study that was queued. `repeat`: it has neither jobs nor an outcome, because the process ended before the jobs were sent, or the study changed. */
export type QueuedState =
  | { readonly state: 'pending' | BackfillOutcome }
  | { readonly state: 'repeat'; readonly jobKeys: readonly string[] };

/** A study that was queued. */
export interface QueuedStudy {
  readonly studyInstanceUID: string;
  readonly jobKeys: readonly string[];
  /** How often its jobs were sent. */
  readonly attempts: number;
}

/** What a backfill does with a study: a report, or predictions in shadow. */
export interface ArchiveWork {
  /** Whether studies can be queued at all. */
  isReady(): boolean;
  /** @throws Fault if the PACS or the database is out of order */
  examine(studyInstanceUID: string, rule: string | undefined): Promise<ExaminedStudy>;
  /** Sends the jobs of a study, behind everything that arrives. Durable when it resolves; jobs that wait already are not queued twice. */
  queue(studyInstanceUID: string, jobKeys: readonly string[]): Promise<void>;
  /** What became of each queued study, in their order. */
  statesOf(studies: readonly QueuedStudy[]): Promise<readonly QueuedState[]>;
  /**
   * Records what a silent trial compares, before a study that was predicted gets its outcome; absent where nothing is compared.
   *
   * @returns false if the study was deleted
   */
  readonly recordForReport?: (studyInstanceUID: string) => Promise<boolean>;
}

/** Everything that the archive story needs. */
export interface ArchivePorts {
  readonly backfills: Backfills;
  readonly searchForStudies: SearchForStudies;
  workOf(backfill: BackfillRow): ArchiveWork;
  readonly clock: Clock;
  /** IANA name: the zone of the hours. */
  readonly timeZone: string;
  readonly log: Log;
}
