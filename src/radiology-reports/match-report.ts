import type { RadiologyReportRow, StudyIdentityRow } from '../store/radiology-reports.js';

/** Why a report is not matched. */
export type MatchReason = 'no-accession-number' | 'no-study' | 'issuer-differs' | 'patient-differs' | 'several-studies';

export type ReportMatch =
  | { readonly state: 'matched'; readonly studyInstanceUID: string; readonly reason: null }
  /** `unmatched` for good; `waiting` until its study has a result, or the PACS corrects what differs. */
  | { readonly state: 'waiting' | 'unmatched'; readonly studyInstanceUID: null; readonly reason: MatchReason };

type Candidate = StudyIdentityRow & { readonly isReported: boolean };

/**
 * The study of a report: the one of its accession number, or of the UID that it names, whose patient is the same. Accession numbers are
 * reused, so a study of another patient never matches. A report without patient ID matches by its accession number alone.
 *
 * @param candidates studies with a current result and this accession number or UID
 */
export function matchReport(
  report: Pick<RadiologyReportRow, 'accessionKey' | 'accessionIssuerKey' | 'patientKeys' | 'statedStudyUID'>,
  candidates: readonly Candidate[],
): ReportMatch {
  const not = (reason: MatchReason, state: 'waiting' | 'unmatched' = 'waiting'): ReportMatch => ({ state, studyInstanceUID: null, reason });
  if (report.accessionKey === null && report.statedStudyUID === null) return not('no-accession-number', 'unmatched');
  if (candidates.length === 0) return not('no-study');
  const ofIssuer = candidates.filter((one) => isCompatible(report.accessionIssuerKey, one.accessionIssuerKey));
  if (ofIssuer.length === 0) return not('issuer-differs');
  const ofPatient = ofIssuer.filter((one) => isSamePatient(report, one));
  if (ofPatient.length === 0) return not('patient-differs');
  const reported = ofPatient.filter(({ isReported }) => isReported);
  const [study, ...others] = reported.length > 0 ? reported : ofPatient;
  return others.length > 0 ? not('several-studies') : { state: 'matched', studyInstanceUID: study!.studyInstanceUID, reason: null };
}

/** An issuer that one side does not state is no contradiction. */
function isCompatible(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other;
}

/** One of the IDs that the report states suffices: after a merge it states the old one and the new one. */
function isSamePatient({ patientKeys }: Pick<RadiologyReportRow, 'patientKeys'>, { patientKey, patientIssuerKey }: Candidate): boolean {
  if (patientKeys.length === 0) return true;
  return patientKeys.some(
    ({ id, issuers }) => id === patientKey && (patientIssuerKey === null || issuers.length === 0 || issuers.includes(patientIssuerKey)),
  );
}
