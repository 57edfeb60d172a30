import { itemsOf, textOf } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { StudyIdentityRow } from '../store/radiology-reports.js';
import type { ReportTextPorts } from './ports.js';
import { identityKeys } from './report-keys.js';

/** Accession number and patient ID of a study as its images state them now, as keyed hashes. @returns undefined if it was deleted */
export async function readStudyIdentity(studyInstanceUID: string, ports: ReportTextPorts): Promise<StudyIdentityRow | undefined> {
  const instances = await ports.pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'pacs-not-found') return [];
    throw error;
  });
  const image = instances.find((one) => !isAboutStudy(one) && textOf(one, 'Modality') !== 'SR') ?? instances[0];
  if (!image) return undefined;
  const [issuer] = itemsOf(image, 'IssuerOfAccessionNumberSequence');
  return identityKeys(
    studyInstanceUID,
    {
      accessionNumber: textOf(image, 'AccessionNumber'),
      accessionIssuer: issuer && (textOf(issuer, 'LocalNamespaceEntityID') ?? textOf(issuer, 'UniversalEntityID')),
      patientId: textOf(image, 'PatientID'),
      patientIssuer: textOf(image, 'IssuerOfPatientID'),
    },
    ports.clock.now(),
    ports,
  );
}
