import type { ReportPatient } from '../store/erasures.js';
import type { NewRadiologyReport, StudyIdentityRow } from '../store/radiology-reports.js';
import type { ReceivedReport, ReportTextPorts } from './ports.js';

type KeyPorts = Pick<ReportTextPorts, 'keyOf'> & { readonly settings: Pick<ReportTextPorts['settings'], 'issuers'> };

/** The identifiers of a report as keyed hashes: the database contains no accession number and no patient ID. */
export function reportKeys(
  report: ReceivedReport,
  { keyOf, settings, rulesKey }: KeyPorts & Pick<ReportTextPorts, 'rulesKey'>,
): Pick<NewRadiologyReport, 'reportKey' | 'contentKey' | 'accessionKey' | 'accessionIssuerKey' | 'patientKeys' | 'statedStudyUID'> {
  const { source, identifier, isWithdrawn, text, accessionNumber, accessionIssuer, studyInstanceUID, patients, statedAt } = report;
  const patientKeys = patients.map(({ id, issuers }) => ({
    id: patientKey(id, keyOf),
    issuers: [...new Set(issuers.map((issuer) => issuerKey(issuer, { keyOf, settings })))],
  }));
  return {
    reportKey: keyOf(`report ${source} ${identifier.trim()}`),
    contentKey: keyOf(
      `content ${JSON.stringify([isWithdrawn, text, accessionNumber ?? '', accessionIssuer ?? '', studyInstanceUID ?? '', patients, statedAt?.toISOString() ?? '', rulesKey])}`,
    ),
    accessionKey: accessionNumber ? accessionKey(accessionNumber, keyOf) : null,
    accessionIssuerKey: accessionIssuer ? issuerKey(accessionIssuer, { keyOf, settings }) : null,
    patientKeys,
    statedStudyUID: studyInstanceUID ?? null,
  };
}

/** The identity of a study as its images state it. */
export interface StatedIdentity {
  readonly accessionNumber?: string | undefined;
  readonly accessionIssuer?: string | undefined;
  readonly patientId?: string | undefined;
  readonly patientIssuer?: string | undefined;
}

export function identityKeys(
  studyInstanceUID: string,
  { accessionNumber, accessionIssuer, patientId, patientIssuer }: StatedIdentity,
  checkedAt: Date,
  ports: KeyPorts,
): StudyIdentityRow {
  return {
    studyInstanceUID,
    accessionKey: accessionNumber ? accessionKey(accessionNumber, ports.keyOf) : null,
    accessionIssuerKey: accessionIssuer ? issuerKey(accessionIssuer, ports) : null,
    patientKey: patientId ? patientKey(patientId, ports.keyOf) : null,
    patientIssuerKey: patientIssuer ? issuerKey(patientIssuer, ports) : null,
    checkedAt,
  };
}

/**
 * A patient as the keys of reports name it.
 *
 * @param issuer Issuer of Patient ID; empty: none; undefined: whichever
 */
export function reportPatientOf(patientId: string, issuer: string | undefined, ports: KeyPorts): ReportPatient {
  const id = patientKey(patientId, ports.keyOf);
  if (issuer === undefined) return { id };
  const name = issuer.trim();
  // Also by each name of its own: the groups may have been changed since reports were received.
  const names = ports.settings.issuers.find((group) => group.includes(name)) ?? [];
  const issuers = new Set([issuerKey(name, ports), ...[name, ...names].map((one) => nameKey(one, ports.keyOf))]);
  return { id, issuers: name === '' ? [] : [...issuers] };
}

/** One letter may be written as one or two code points. */
function patientKey(patientId: string, keyOf: KeyPorts['keyOf']): string {
  return keyOf(`patient ${patientId.trim().normalize('NFC')}`);
}

function accessionKey(accessionNumber: string, keyOf: KeyPorts['keyOf']): string {
  return keyOf(`accession ${accessionNumber.trim()}`);
}

/** Names of one issuer have one key. */
function issuerKey(issuer: string, { keyOf, settings }: KeyPorts): string {
  const name = issuer.trim();
  const group = settings.issuers.find((names) => names.includes(name));
  return nameKey(group?.[0] ?? name, keyOf);
}

function nameKey(issuer: string, keyOf: KeyPorts['keyOf']): string {
  return keyOf(`issuer ${issuer}`);
}
