import { Fault } from '../errors.js';
import { createHash } from 'node:crypto';

declare const brand: unique symbol;

/** Orthanc's own name of a resource: SHA-1 of its DICOM identifiers, five groups of eight hexadecimal digits. Never a UID. */
export type OrthancId = string & { readonly [brand]: 'OrthancId' };

export function isOrthancId(text: string): text is OrthancId {
  return /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/.test(text);
}

/** Orthanc's name of a patient: SHA-1 of the Patient ID in UTF-8, without spaces at its ends (Orthanc Book, "Orthanc identifiers"). */
export function orthancIdOfPatient(patientId: string): OrthancId {
  const hash = createHash('sha1').update(patientId.trim()).digest('hex');
  return hash.match(/.{8}/g)!.join('-') as OrthancId;
}

/** @throws Fault request-invalid for a text that is no identifier of Orthanc's, e.g. from a job of the queue */
export function orthancId(id: string): OrthancId {
  if (isOrthancId(id)) return id;
  throw new Fault('request-invalid', "expected one of Orthanc's identifiers, found another text");
}
