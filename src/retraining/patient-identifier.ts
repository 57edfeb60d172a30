import { createHmac } from 'node:crypto';
import { textOf, type DataSet } from '../dicom/data-set.js';

/** What tells the patient of an image from others: Patient ID and its issuer; of an image without a Patient ID, its study. */
export function patientIdentifier(instance: DataSet, studyInstanceUID: string): string {
  const patientId = textOf(instance, 'PatientID');
  return patientId === undefined ? `study ${studyInstanceUID}` : `patient ${textOf(instance, 'IssuerOfPatientID') ?? ''}|${patientId}`;
}

/** A keyed hash of an identifier, as plans and lineages name patients. */
export function patientHash(identifier: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(identifier).digest('hex').slice(0, 32);
}
