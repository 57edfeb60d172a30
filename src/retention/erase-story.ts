import { searchText } from '../audit/search-text.js';
import { eraseFromRetraining } from '../retraining/erase-from-retraining.js';
import type { ReportPatient } from '../store/erasures.js';
import type { Erasure, ErasureActor } from './erasure.js';
import { auditSubject, namedIn } from './erasure-audit.js';
import { findData, jobSubjects, sentOf } from './find-data.js';
import { findPatient, type ErasureSubject } from './find-patient.js';
import type { RetentionPorts } from './ports.js';
import { removeFromPacs } from './remove-from-pacs.js';

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
