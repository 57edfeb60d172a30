import { sameConcept, type CodedConcept } from '../dicom/code.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OwnDocument } from '../reporting/own-documents.js';
import { comparisonOf, type AssessedFinding, type Reader } from '../sr/assessment-content.js';
import type { Decision } from '../sr/report-content.js';
import type { RecordPorts } from './ports.js';

/** An assessment that a reader gives. */
export interface AssessmentToRecord {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly reader: Reader;
  /** By name in config/findings.json; a finding that is not named is not assessed. */
  readonly findings: readonly { readonly name: string; readonly decision: Decision; readonly comment?: string | undefined }[];
  /** SOP Instance UID of the text report that the reader saw; a result that was replaced since is refused. */
  readonly assessedDocument?: string | undefined;
  /** Ends a disagreement between readers; only for a reader who may verify. */
  readonly adjudicates?: boolean | undefined;
  /** `page`, `api`, `csv`. */
  readonly origin: string;
}

/** A reader takes back every earlier assessment of these findings, as if it had never been given. */
export interface WithdrawalToRecord {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly reader: Reader;
  /** By name in config/findings.json. */
  readonly withdrawn: readonly string[];
  /** `page`, `api`. */
  readonly origin: string;
}

/**
 * Checks an assessment against the current result.
 * @throws Fault `request-invalid`, `request-refused`, `assessment-outdated`
 */
export function checkRequest(
  { studyInstanceUID, reader, findings, assessedDocument, adjudicates }: AssessmentToRecord,
  result: readonly OwnDocument[],
): void {
  const subject = { studyInstanceUID };
  if (!/^[^\p{Cc}\\]{1,100}$/u.test(reader.name) || reader.name.trim() !== reader.name)
    throw new Fault('request-invalid', "expected the reader's name as one line of 1 to 100 characters without backslash", subject);
  if (findings.length === 0) throw new Fault('request-invalid', 'expected a decision on at least one finding, found none', subject);
  const twice = findings.find(({ name }, index) => findings.findIndex((other) => other.name === name) !== index);
  if (twice) throw new Fault('request-invalid', `expected one decision on ${twice.name}, found two`, subject);
  if (adjudicates && reader.verifiesFor === undefined)
    throw new Fault('request-refused', 'expected a reader who may verify, because the assessment ends a disagreement', subject);
  if (assessedDocument !== undefined && !result.some((one) => one.reference.sopInstanceUID === assessedDocument)) {
    const current = result.find((one) => one.kind === 'text')?.reference.sopInstanceUID ?? '(none)';
    throw new Fault('assessment-outdated', `expected the current result ${current}, found ${assessedDocument}`, subject);
  }
}

/** The decisions beside those of the software, sorted by name, so that the order of a request makes no difference. */
export function assessedFindings(
  { findings }: AssessmentToRecord,
  result: readonly OwnDocument[],
  ports: Pick<RecordPorts, 'termsOf'>,
): readonly AssessedFinding[] {
  const report = result.find((one) => one.kind === 'text')?.report;
  return [...findings]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, decision, comment }) => {
      const { concept } = knownTerms(name, ports);
      const software = report?.findings.find((one) => sameConcept(one.concept, concept));
      return {
        concept,
        decision,
        comparison: comparisonOf(decision, software?.decision),
        ...(software ? { software: { decision: software.decision, probability: software.probability } } : {}),
        images: software?.images ?? [],
        ...(comment === undefined ? {} : { comment }),
      };
    });
}

/**
 * The concepts of the findings that are withdrawn, sorted by name.
 * @throws Fault `request-invalid` for an unknown finding, or one named twice
 */
export function withdrawnConcepts(
  { studyInstanceUID, withdrawn }: WithdrawalToRecord,
  ports: Pick<RecordPorts, 'termsOf'>,
): readonly CodedConcept[] {
  if (withdrawn.length === 0) throw new Fault('request-invalid', 'expected at least one finding, found none', { studyInstanceUID });
  if (new Set(withdrawn).size < withdrawn.length)
    throw new Fault('request-invalid', 'expected each finding once, found one twice', { studyInstanceUID });
  return [...withdrawn].sort().map((name) => knownTerms(name, ports).concept);
}

function knownTerms(name: string, ports: Pick<RecordPorts, 'termsOf'>): ReturnType<RecordPorts['termsOf']> {
  try {
    return ports.termsOf(name);
  } catch (error) {
    if (error instanceof Fault && error.code === 'config-invalid')
      throw new Fault('request-invalid', `expected the name of a finding in config/findings.json, found "${name.slice(0, 64)}"`);
    throw error;
  }
}
