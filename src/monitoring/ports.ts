import type { Config } from '../config.js';
import type { DataSet } from '../dicom/data-set.js';
import type { EngineCondition } from '../engine/fallback-engine.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { ModelVersion } from '../registry/model-version.js';
import type { ServedModel } from '../serving/model.js';
import type { AgreedLabel } from '../store/labels.js';
import type { Store } from '../store/store.js';
import type { MeasuredReports } from './health-report.js';

/* What monitoring needs from outside; src/service supplies it. */

/** The PACS, to check whether it answers. */
export interface MonitoredPacs {
  readonly orthanc: { system(): Promise<unknown>; clock(): Promise<Date> };
  readonly dicomWeb: {
    searchForStudies(query: Readonly<Record<string, string>>, page: { readonly limit: number }): Promise<readonly DataSet[]>;
  };
  /** Requests to the PACS in progress. */
  readonly slots: { readonly inUse: number };
}

export interface HealthPorts {
  readonly pacs: MonitoredPacs;
  readonly store: Pick<Store, 'studies' | 'results' | 'drift' | 'ofLine'>;
  readonly jobs: Jobs;
  readonly model: () => ServedModel;
  /** Champions of all model lines by name; undefined where one cannot be loaded, or there is none. */
  readonly lines: () => readonly { readonly line: string; readonly champion: ServedModel | undefined }[];
  readonly engineCondition: () => EngineCondition;
  /** How long the job of a study may be in progress, in milliseconds. */
  readonly studyTimeoutMs: number;
  readonly dataDir: string;
  /** Absent unless reports of radiologists are read. */
  readonly measureReports?: (() => Promise<MeasuredReports>) | undefined;
  readonly clock: ClockSkew;
  readonly log: Log;
}

/** The difference between Orthanc's clock and ours, measured once a minute, so that requests for our health do not multiply those to the PACS. */
export interface ClockSkew {
  milliseconds: number | undefined;
}

/** Of one model line. */
export interface DriftPorts {
  readonly config: Pick<Config, 'drift'>;
  /** With the studies and the alarms of that line. */
  readonly store: Pick<Store, 'statistics' | 'drift'>;
  /** Labels of these studies on which the readers agree. */
  agreedLabelsOf(studies: readonly string[]): Promise<readonly AgreedLabel[]>;
  /** Undefined where the line has none: then nothing is checked. */
  champion(): Promise<Pick<ModelVersion, 'version' | 'networks' | 'reference'> | undefined>;
  readonly clock?: { now(): Date };
  readonly log: Log;
}
