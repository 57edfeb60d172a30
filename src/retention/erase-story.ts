import { searchText } from '../audit/search-text.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { documentsWrittenHere } from '../reporting/erased-study.js';
import { eraseFromRetraining } from '../retraining/erase-from-retraining.js';
import type { AuditSubject } from '../store/audit-entries.js';
import type { ReportPatient } from '../store/erasures.js';
import { findData, jobSubjects, sentOf, type FoundData } from './find-data.js';
import { findPatient, type ErasureSubject, type FoundPatient, type FoundStudy } from './find-patient.js';
import type { RetentionPorts } from './ports.js';

/** Who acts, for the audit log. */
export interface ErasureActor {
  readonly actor: string;
  readonly remote?: string;
}

/** What was found, and in `isErased` whether it is gone. */
export interface Erasure extends FoundPatient, FoundData {
  readonly isErased: boolean;
  /** By which the audit log names the patient; absent if studies were named. */
  readonly fingerprint: string | undefined;
}

/** An entry names at most this many things that were sent; the reply names all. */
const maxNamed = 100;

/** Finds everything that this program has of a patient or of studies; nothing is changed. */
export async function findErasable(subject: ErasureSubject, by: ErasureActor, ports: RetentionPorts): Promise<Erasure> {
  const found = await findAll(subject, ports);
  await ports.audit.record({ ...by, action: 'patient.find', subject: auditSubject(found) });
  return found;
}

/**
 * Erases what findErasable finds: first the mark, by which no job in progress records or stores anything again, then jobs, documents,
 * files and rows. The rows are last: while they are there, a repetition after a kill finds the same things and names what was sent.
 * Images and documents of other systems stay. May be repeated.
 */
export async function eraseAll(subject: ErasureSubject, by: ErasureActor, ports: RetentionPorts): Promise<Erasure> {
  const found = await findAll(subject, ports);
  return ports.audit.recordAction(
    { ...by, action: 'patient.erase', subject: auditSubject(found) },
    async () => {
      const { studies, rows } = found;
      // Of a patient whose studies are not in the PACS, reports may wait for them.
      if (studies.length === 0 && !rows['radiology_report']) return found;
      const uids = studies.map((one) => one.studyInstanceUID);
      await ports.store.erasures.mark(uids);
      const subjects = await jobSubjects(studies, ports);
      await ports.jobs.removeAbout(subjects);
      for (const study of studies) await removeFromPacs(study, ports);
      await eraseFromRetraining(ports, uids);
      // Once more: a message may have been sent since it was looked for.
      const sent = await sentOf(studies, ports);
      await ports.store.erasures.erase(uids, await reportPatientOf(subject, ports));
      // A job that was active may have been put back meanwhile.
      await ports.jobs.removeAbout(subjects);
      for (const study of studies) await removeFromPacs(study, ports);
      ports.log.info('data of studies were erased', { studies: studies.length });
      return { ...found, sent, isErased: true };
    },
    ({ isErased, sent }) => ({ isErased, sent: namedIn(sent) }),
  );
}

/** Lets studies be analysed again whose data were erased, when something of them arrives. @returns how many were marked */
export async function allowAnalysis(
  subject: ErasureSubject,
  by: ErasureActor,
  ports: RetentionPorts,
): Promise<Erasure & { readonly allowed: number }> {
  const found = await findAll(subject, ports);
  const { studies } = found;
  const allowed = await ports.audit.recordAction(
    { ...by, action: 'patient.allow', subject: auditSubject(found) },
    () => ports.store.erasures.unmark(studies.map((one) => one.studyInstanceUID)),
    (count) => ({ allowed: count }),
  );
  return { ...found, allowed };
}

async function findAll(subject: ErasureSubject, ports: RetentionPorts): Promise<Erasure> {
  const patient = await findPatient(subject, ports);
  const data = await findData(patient.studies, await reportPatientOf(subject, ports), ports);
  const fingerprint =
    subject.patientId === undefined ? undefined : await ports.audit.fingerprint(searchText('PatientID', subject.patientId));
  return { ...patient, ...data, isErased: false, fingerprint };
}

async function reportPatientOf({ patientId, issuer }: ErasureSubject, ports: RetentionPorts): Promise<ReportPatient | undefined> {
  return patientId === undefined ? undefined : ports.reportPatient(patientId, issuer);
}

/** Documents and labels as the PACS contains them now: some may have arrived since they were found, from a job in progress. */
async function removeFromPacs({ studyInstanceUID, pacsStudyId }: FoundStudy, { pacs, removeResultLabels }: RetentionPorts): Promise<void> {
  if (pacsStudyId === undefined) return;
  try {
    const documents = documentsWrittenHere(await pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID));
    await pacs.content?.removeDocuments(documents);
  } catch (error) {
    // It consisted of our documents alone, which were removed.
    if (error instanceof Fault && error.code === 'pacs-not-found') return;
    throw error;
  }
  await removeResultLabels(pacsStudyId);
}

/** Counts, and what was sent; in place of the Patient ID its keyed hash. */
function auditSubject({ fingerprint, studies, rows, jobs, files, sent, trainedVersions }: Erasure): AuditSubject {
  const sum = (count: (study: FoundStudy) => number): number => studies.reduce((total, one) => total + count(one), 0);
  return {
    ...(fingerprint === undefined ? {} : { patient: `PatientID#${fingerprint}` }),
    studies: studies.length,
    reports: sum((one) => one.reports),
    heatMaps: sum((one) => one.heatMaps),
    keyObjects: sum((one) => one.keyObjects),
    assessments: sum((one) => one.assessments),
    rows: Object.values(rows).reduce((total, one) => total + one, 0),
    jobs,
    pictures: files.pictures,
    runs: files.runs,
    versions: trainedVersions.map(({ line, version }) => `${line} ${version}`),
    sent: namedIn(sent),
  };
}

function namedIn(sent: Erasure['sent']): readonly string[] {
  return sent.slice(0, maxNamed).map(({ kind, to, id }) => `${kind} ${to} ${id}`);
}
