import type { AuditLog } from '../audit/audit-log.js';
import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import type { Log } from '../log.js';
import type { IndexedAssessment } from './indexed-assessment.js';

/* What the assessments need from outside; src/service supplies it. */

/** The PACS by DICOMweb. */
export interface AssessmentPacs {
  retrieveStudyMetadata(study: StudyInstanceUID): Promise<readonly DataSet[]>;
  /** Part 10 bytes. */
  retrieveInstance(study: StudyInstanceUID, series: SeriesInstanceUID, instance: SOPInstanceUID): Promise<Uint8Array>;
  /** Resolves only when the PACS has stored every instance. */
  storeInstances(files: readonly Uint8Array[]): Promise<void>;
  /** Whether the data of the study were erased: nothing is stored in it any more. */
  readonly isErased?: ((study: string) => Promise<boolean>) | undefined;
}

/** To record an assessment in the PACS. */
export interface RecordPorts {
  readonly pacs: AssessmentPacs;
  readonly clock: { now(): Date };
  /** Version of this program. */
  readonly softwareVersion: string;
  readonly seriesNumber: number;
  /** @throws Fault `config-invalid` for a finding that config/findings.json does not name */
  termsOf(findingName: string): { readonly concept: CodedConcept };
  /** Codes of config/findings.json. */
  readonly codes: readonly CodedConcept[];
}

/** To index assessments that are in the PACS. */
export interface IndexPorts {
  readonly pacs: Pick<AssessmentPacs, 'retrieveStudyMetadata'>;
  /** By config/findings.json. */
  findingNameOf(concept: CodedConcept): string | undefined;
  readonly index: AssessmentIndex;
  /** Whether the document comes from a system that assessments.acceptFrom names. */
  accepts(sopInstanceUID: string): Promise<boolean>;
  /** The study contains several current reports of this service: they are replaced by one. */
  readonly onSeveralReports?: ((study: StudyInstanceUID) => Promise<void>) | undefined;
  /** Where assessments from other systems are recorded; those given here are recorded before they are stored. */
  readonly audit?: Pick<AuditLog, 'recordIfPossible'> | undefined;
  readonly log: Log;
}

/** The index of assessments, from which labels are derived. */
export interface AssessmentIndex {
  /** Durable when it resolves. @returns false if the assessment was indexed before */
  record(assessment: IndexedAssessment): Promise<boolean>;
  /** Removes those of the known ones that the PACS no longer contains. @returns how many */
  prune(study: StudyInstanceUID, sopInstanceUIDs: readonly string[], known: readonly string[]): Promise<number>;
  ofStudy(study: string): Promise<readonly IndexedAssessment[]>;
}
