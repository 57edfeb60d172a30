import { itemsOf, textOf, textsOf, type DataSet } from '../dicom/data-set.js';
import { isUsableUid, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { documentsWrittenHere } from '../reporting/erased-study.js';
import { isAssessment } from '../sr/own-document.js';
import type { DocumentReference } from '../sr/report-content.js';
import type { RetentionPorts } from './ports.js';

/** Whose data: a patient's, or those of studies, which the PACS need not contain any more. */
export interface ErasureSubject {
  /** Patient ID (0010,0020), compared exactly but for spaces at its ends. */
  readonly patientId?: string | undefined;
  /** Issuer of Patient ID (0010,0021); empty: studies that state none. */
  readonly issuer?: string | undefined;
  readonly studyInstanceUIDs?: readonly string[] | undefined;
}

/** A study, and what of it this program wrote to the PACS. */
export interface FoundStudy {
  readonly studyInstanceUID: string;
  /** The PACS's own id; absent if the PACS does not contain the study. */
  readonly pacsStudyId: string | undefined;
  readonly documents: readonly DocumentReference[];
  readonly reports: number;
  readonly heatMaps: number;
  /** Key object selections. */
  readonly keyObjects: number;
  readonly assessments: number;
  /** As labelled-images.ts names the patient of an image. */
  readonly patient: string;
}

export interface FoundPatient {
  readonly studies: readonly FoundStudy[];
  /** IDs that the images state besides, e.g. after a merge: Other Patient IDs (0010,1000) and their sequence (0010,1002). */
  readonly otherPatientIds: readonly string[];
  /** Patients whose ID differs by case or by letters that are not ASCII; they are not touched. */
  readonly similarPatients: number;
}

const maxIdLength = 256;
const maxStudies = 1_000;

/**
 * @throws Fault `request-invalid` for a subject that is none, or if several issuers give the ID and none was chosen; `study-ambiguous` if
 *   two patients have a study of one UID
 */
export async function findPatient(
  subject: ErasureSubject,
  ports: Pick<RetentionPorts, 'patients' | 'pacs' | 'store' | 'reportPatient'>,
): Promise<FoundPatient> {
  checkSubject(subject);
  const { patientId, issuer, studyInstanceUIDs } = subject;
  if (patientId === undefined) {
    const studies = await Promise.all([...new Set(studyInstanceUIDs)].map((uid) => readStudy(uid, ports)));
    return { studies: studies.map(({ study }) => study), otherPatientIds: [], similarPatients: 0 };
  }
  const candidates = await ports.patients.findPatients(patientId);
  const exact = candidates.filter((one) => same(one.patientId, patientId));
  const listed = await ports.patients.studiesOf(exact.flatMap((one) => one.studyIds).map((id) => ({ level: 'Study' as const, id })));
  const read = [];
  for (const { studyInstanceUID } of listed) read.push(await readStudy(studyInstanceUID, ports));
  const issuers = [...new Set(read.map((one) => one.issuer))].sort();
  if (issuer === undefined && issuers.length > 1)
    throw new Fault(
      'request-invalid',
      `expected an issuer, because several give this Patient ID: ${issuers.map((one) => `"${one}"`).join(', ')} ("" stands for none)`,
    );
  const chosen = read.filter((one) => issuer === undefined || same(one.issuer, issuer));
  const deleted = await deletedStudies(patientId, issuer ?? (chosen.length > 0 ? chosen[0]!.issuer : undefined), ports);
  const others = new Set(chosen.flatMap((one) => one.otherPatientIds).filter((one) => !same(one, patientId)));
  return {
    studies: [...chosen, ...deleted].map(({ study }) => study),
    otherPatientIds: [...others].sort(),
    similarPatients: candidates.length - exact.length,
  };
}

/**
 * Studies of the patient that the PACS no longer contains, by the keyed hash of its ID. One that the PACS contains has the patient that
 * it states now.
 *
 * @throws Fault `request-invalid` if their images named several issuers and none was chosen
 */
async function deletedStudies(
  patientId: string,
  issuer: string | undefined,
  ports: Pick<RetentionPorts, 'patients' | 'pacs' | 'store' | 'reportPatient'>,
): Promise<readonly ReadStudy[]> {
  const known = await ports.store.erasures.studiesOf(await ports.reportPatient(patientId, issuer));
  const read = await Promise.all(known.map(async (one) => ({ ...one, ...(await readStudy(one.studyInstanceUID, ports)) })));
  const deleted = read.filter(({ study }) => study.pacsStudyId === undefined);
  if (issuer === undefined && new Set(deleted.map(({ issuerKey }) => issuerKey)).size > 1)
    throw new Fault(
      'request-invalid',
      'expected an issuer, because studies that were deleted from the PACS had this Patient ID from several ("" stands for none)',
    );
  return deleted;
}

function checkSubject({ patientId, issuer, studyInstanceUIDs }: ErasureSubject): void {
  if ((patientId === undefined) === (studyInstanceUIDs === undefined))
    throw new Fault(
      'request-invalid',
      `expected a Patient ID or Study Instance UIDs, found ${patientId === undefined ? 'neither' : 'both'}`,
    );
  if (patientId !== undefined && (patientId.trim() === '' || patientId.length > maxIdLength || /\p{Cc}/u.test(patientId)))
    throw new Fault('request-invalid', `expected a Patient ID of 1 to ${maxIdLength} characters on one line, found another text`);
  if (issuer !== undefined && patientId === undefined)
    throw new Fault('request-invalid', 'expected an issuer together with a Patient ID, found it alone');
  if (studyInstanceUIDs && (studyInstanceUIDs.length === 0 || studyInstanceUIDs.length > maxStudies))
    throw new Fault('request-invalid', `expected 1 to ${maxStudies} Study Instance UIDs, found ${studyInstanceUIDs.length}`);
  if (studyInstanceUIDs?.some((uid) => !isUsableUid(uid)))
    throw new Fault('request-invalid', 'expected Study Instance UIDs, found another text');
}

/** Two texts of DICOM: spaces at the ends have no meaning (PS3.5 §6.2, LO), and one letter may be written as one or two code points. */
function same(one: string, other: string): boolean {
  return one.trim().normalize('NFC') === other.trim().normalize('NFC');
}

interface ReadStudy {
  readonly study: FoundStudy;
  readonly issuer: string;
  readonly otherPatientIds: readonly string[];
}

async function readStudy(studyInstanceUID: string, { patients, pacs }: Pick<RetentionPorts, 'patients' | 'pacs'>): Promise<ReadStudy> {
  const [pacsStudyId, ...others] = isUsableUid(studyInstanceUID) ? await patients.findStudies(studyInstanceUID) : [];
  if (others.length > 0)
    throw new Fault('study-ambiguous', `expected one study, found ${others.length + 1}; merge or delete all but one`, { studyInstanceUID });
  const instances = pacsStudyId === undefined ? [] : await pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID);
  const documents = documentsWrittenHere(instances);
  const written = new Set<string>(documents.map((one) => one.sopInstanceUID));
  const ours = instances.filter((one) => written.has(textOf(one, 'SOPInstanceUID') ?? ''));
  const assessments = ours.filter(isAssessment).length;
  const heatMaps = ours.filter((one) => textOf(one, 'Modality') === 'OT').length;
  const keyObjects = ours.filter((one) => textOf(one, 'Modality') === 'KO').length;
  const image = instances.find((one) => !written.has(textOf(one, 'SOPInstanceUID') ?? '')) ?? instances[0];
  const patientId = image && textOf(image, 'PatientID');
  const issuer = (image && textOf(image, 'IssuerOfPatientID')) ?? '';
  return {
    study: {
      studyInstanceUID,
      pacsStudyId,
      documents,
      reports: ours.length - assessments - heatMaps - keyObjects,
      heatMaps,
      keyObjects,
      assessments,
      patient: patientId === undefined ? `study ${studyInstanceUID}` : `patient ${issuer}|${patientId}`,
    },
    issuer,
    otherPatientIds: instances.flatMap(otherIdsOf),
  };
}

function otherIdsOf(instance: DataSet): readonly string[] {
  return [
    ...textsOf(instance, 'OtherPatientIDs'),
    ...itemsOf(instance, 'OtherPatientIDsSequence').map((item) => textOf(item, 'PatientID') ?? ''),
  ].filter((one) => one !== '');
}
