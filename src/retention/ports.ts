import type { AuditLog } from '../audit/audit-log.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancPatient, OrthancStudy } from '../orthanc/client.js';
import type { Registry } from '../registry/registry.js';
import type { Pacs } from '../reporting/ports.js';
import type { RetrainingMemory } from '../retraining/retraining-memory.js';
import type { ReportPatient } from '../store/erasures.js';
import type { Store } from '../store/store.js';

/* What retention needs from outside; src/service supplies it. */

/** Patients and studies by Orthanc's REST API. */
export interface PacsPatients {
  /** Also patients whose ID differs by case or by letters that are not ASCII. */
  findPatients(patientId: string): Promise<readonly OrthancPatient[]>;
  studiesOf(resources: readonly { readonly level: 'Study'; readonly id: string }[]): Promise<readonly OrthancStudy[]>;
  /** The PACS's own ids of the studies with this Study Instance UID. */
  findStudies(studyInstanceUID: string): Promise<readonly string[]>;
}

/** A model line: which of its versions learned from a patient. */
export interface LinePorts {
  readonly name: string;
  readonly registry: Pick<Registry, 'versions' | 'load'>;
  readonly memory: Pick<RetrainingMemory, 'patientKey'>;
}

export interface RetentionPorts {
  readonly dataDir: string;
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata' | 'content'>;
  readonly patients: PacsPatients;
  readonly store: Pick<Store, 'studies' | 'results' | 'deliveries' | 'messages' | 'erasures' | 'supersededDocuments'>;
  readonly jobs: Pick<Jobs, 'countAbout' | 'removeAbout'>;
  /** Removes the labels of the service from a study, by the PACS's own id. */
  removeResultLabels(pacsStudyId: string): Promise<void>;
  /** How radiologists' reports name a patient in the database. @param issuer Issuer of Patient ID; undefined: whichever */
  reportPatient(patientId: string, issuer: string | undefined): Promise<ReportPatient>;
  readonly lines: readonly LinePorts[];
  readonly audit: Pick<AuditLog, 'record' | 'recordAction' | 'fingerprint'>;
  readonly log: Log;
}
