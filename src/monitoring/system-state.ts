import { platform, release } from 'node:os';
import type { Store } from '../store/store.js';
import { freeBytesOf, littleFreeBytes, maxClockSkewMs, minFreeBytes } from './health.js';
import type { UsedCertificate } from './certificates.js';
import type { HealthPorts } from './ports.js';

/** Disk, clock, versions and certificates, for those who run the service. */
export interface SystemState {
  readonly disk: {
    /** Of the file system of DATA_DIR; absent if it cannot be read. */
    readonly freeBytes: number | undefined;
    /** Below this no study can be processed. */
    readonly neededBytes: number;
    /** Below this a warning is shown. */
    readonly warnBelowBytes: number;
  };
  readonly clock: { readonly differenceMs: number | undefined; readonly toleratedMs: number };
  readonly versions: {
    readonly service: string;
    readonly node: string;
    readonly system: string;
    readonly database: string;
    readonly engine: string;
    /** Absent while Orthanc does not answer. */
    readonly orthanc?: string;
    readonly dicomWeb?: string;
  };
  readonly certificates: readonly UsedCertificate[];
}

export interface SystemPorts extends Pick<HealthPorts, 'dataDir' | 'clock' | 'model'> {
  readonly pacs: {
    readonly orthanc: {
      system(): Promise<{ readonly version: string }>;
      dicomWebPlugin(): Promise<{ readonly version: string } | undefined>;
    };
  };
  readonly store: Pick<Store, 'kind' | 'sql'>;
  readonly softwareVersion: string;
  readonly certificates: () => Promise<readonly UsedCertificate[]>;
}

export async function systemState(ports: SystemPorts): Promise<SystemState> {
  const { pacs, store, dataDir, clock, model, softwareVersion, certificates } = ports;
  const unknown = (): undefined => undefined;
  const [freeBytes, orthanc, plugin, database, used] = await Promise.all([
    freeBytesOf(dataDir),
    pacs.orthanc.system().catch(unknown),
    pacs.orthanc.dicomWebPlugin().catch(unknown),
    store.sql.query<{ server_version: string }>({ text: 'SHOW server_version' }).catch(unknown),
    certificates(),
  ]);
  return {
    disk: { freeBytes, neededBytes: minFreeBytes, warnBelowBytes: littleFreeBytes },
    clock: { differenceMs: clock.milliseconds, toleratedMs: maxClockSkewMs },
    versions: {
      service: softwareVersion,
      node: process.versions.node,
      system: `${platform()} ${release()}`,
      database: `PostgreSQL ${database?.rows[0]?.server_version ?? '?'}${store.kind === 'embedded' ? ' (embedded)' : ''}`,
      engine: model().engine.name,
      ...(orthanc ? { orthanc: orthanc.version } : {}),
      ...(plugin ? { dicomWeb: plugin.version } : {}),
    },
    certificates: used,
  };
}
