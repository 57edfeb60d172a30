import type { AuditSubject } from '../store/audit-entries.js';
import type { Erasure } from './erasure.js';
import type { FoundStudy } from './find-patient.js';

/** An entry names at most this many things that were sent; the reply names all. */
const maxNamed = 100;

/** Counts, and what was sent; in place of the Patient ID its keyed hash. */
export function auditSubject({ fingerprint, studies, rows, jobs, files, sent, trainedVersions }: Erasure): AuditSubject {
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

export function namedIn(sent: Erasure['sent']): readonly string[] {
  return sent.slice(0, maxNamed).map(({ kind, to, id }) => `${kind} ${to} ${id}`);
}
