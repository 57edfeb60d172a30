import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { numberOf, type DataSet } from '../dicom/data-set.js';
import { readPart10, writePart10 } from '../dicom/part10.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { checkAssessment } from '../sr/check-document.js';
import { isOwnDocument } from '../sr/own-document.js';
import { readAssessment, type ReadAssessment } from '../sr/read-assessment.js';
import type { Decision, DocumentReference } from '../sr/report-content.js';
import { proceduresOf } from '../sr/requests.js';
import { comparisonOf, type AssessedFinding, type Reader, type AssessmentContent } from '../sr/assessment-content.js';
import { assessmentReport } from '../sr/assessment-report.js';
import { evidenceOf } from '../reporting/evidence.js';
import { referenceTo } from '../reporting/image-reference.js';
import { ownDocumentsIn, type OwnDocument } from '../reporting/own-documents.js';
import type { Clock, FindingTerms, Pacs } from '../reporting/ports.js';
import { currentAssessmentsIn, type AssessmentInPacs } from './assessments-in-pacs.js';

/** Raised when the same assessment would be written differently, so that the new form is a new document. */
const assessmentForm = '2';

export interface AssessmentToRecord {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly reader: Reader;
  /** By name in config/findings.json; what is not named is not judged. */
  readonly findings: readonly { readonly name: string; readonly decision: Decision }[];
  /** SOP Instance UID of the text report that the reader saw; a result that was replaced since is not judged. */
  readonly assessedDocument?: string | undefined;
  /** Ends a disagreement between readers; only for one who may verify. */
  readonly adjudicates?: boolean | undefined;
  /** `page`, `api`, `csv`. */
  readonly origin: string;
}

export interface RecordAssessmentPorts {
  readonly pacs: Pacs;
  readonly clock: Clock;
  /** Version of this program. */
  readonly softwareVersion: string;
  readonly seriesNumber: number;
  /** @throws Fault `config-invalid` for a finding that config/findings.json does not name */
  termsOf(findingName: string): FindingTerms;
  /** Codes of config/findings.json. */
  readonly codes: readonly CodedConcept[];
}

export interface RecordedAssessment {
  readonly reference: DocumentReference;
  readonly assessment: ReadAssessment;
  /** False if the PACS held it already. */
  readonly stored: boolean;
}

/**
 * The second story begins: a reader's assessment on a study → SR in the PACS, naming the reader and the documents judged.
 *
 * May be repeated: the same assessment of the same reader on the same result is the same object, and what the PACS holds is
 * adopted. A changed mind is a new document that names the earlier one.
 *
 * @throws Fault `pacs-not-found`, `request-invalid` (unknown finding, nothing said), `request-refused` (settles without the
 *   right to verify), `assessment-outdated`
 */
export async function recordAssessment(given: AssessmentToRecord, tools: RecordAssessmentPorts): Promise<RecordedAssessment> {
  const { studyInstanceUID } = given;
  const instances = await tools.pacs.retrieveStudyMetadata(studyInstanceUID);
  if (instances.length === 0) throw new Fault('pacs-not-found', 'expected a study with instances, found none', { studyInstanceUID });
  const judged = ownDocumentsIn(instances).current;
  checkRequest(given, judged);

  const findings = assessedFindings(given, judged, tools);
  const assessments = currentAssessmentsIn(instances);
  const mine = assessments.filter(({ assessment }) => assessment.kind === 'assessment' && assessment.reader === given.reader.name);
  const said = mine.find((one) => isSameResult(one, given, judged, findings));
  if (said) return { ...said, stored: false };

  const others = given.adjudicates ? assessments.filter((one) => !mine.includes(one)) : [];
  const content = contentOf(
    given,
    instances,
    findings,
    [...judged.map((one) => one.reference), ...mine.map((one) => one.reference), ...others.map((one) => one.reference)],
    tools,
  );
  return store(assessmentReport(content), content, tools);
}

function checkRequest(
  { studyInstanceUID, reader, findings, assessedDocument, adjudicates }: AssessmentToRecord,
  judged: readonly OwnDocument[],
): void {
  if (!/^[^\p{Cc}\\]{1,100}$/u.test(reader.name) || reader.name.trim() !== reader.name)
    throw new Fault('request-invalid', "expected the reader's name as one line of 1 to 100 characters without backslash", {
      studyInstanceUID,
    });
  if (findings.length === 0)
    throw new Fault('request-invalid', 'expected a decision on at least one finding, found none', { studyInstanceUID });
  const twice = findings.find(({ name }, index) => findings.findIndex((other) => other.name === name) !== index);
  if (twice) throw new Fault('request-invalid', `expected one decision on ${twice.name}, found two`, { studyInstanceUID });
  if (adjudicates && reader.verifiesFor === undefined)
    throw new Fault('request-refused', 'expected a reader who may verify, because the assessment settles a disagreement', {
      studyInstanceUID,
    });
  if (assessedDocument !== undefined && !judged.some((one) => one.reference.sopInstanceUID === assessedDocument)) {
    throw new Fault(
      'assessment-outdated',
      `expected the current result ${judged.find((one) => one.kind === 'text')?.reference.sopInstanceUID ?? '(none)'}, found ${assessedDocument}`,
      { studyInstanceUID },
    );
  }
}

/** In the order of their names, so that the order of a request makes no difference. */
function assessedFindings(
  { findings }: AssessmentToRecord,
  judged: readonly OwnDocument[],
  tools: RecordAssessmentPorts,
): readonly AssessedFinding[] {
  const report = judged.find((one) => one.kind === 'text')?.report;
  return [...findings]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, decision }) => {
      const { concept } = knownTerms(name, tools);
      const software = report?.findings.find((one) => sameConcept(one.concept, concept));
      return {
        concept,
        decision,
        comparison: comparisonOf(decision, software?.decision),
        ...(software ? { software: { decision: software.decision, probability: software.probability } } : {}),
        images: software?.images ?? [],
      };
    });
}

function knownTerms(name: string, tools: RecordAssessmentPorts): FindingTerms {
  try {
    return tools.termsOf(name);
  } catch (error) {
    if (error instanceof Fault && error.code === 'config-invalid')
      throw new Fault('request-invalid', `expected the name of a finding in config/findings.json, found "${name.slice(0, 64)}"`);
    throw error;
  }
}

/** The reader has said exactly this of exactly this result before, and would settle no more by it. */
function isSameResult(
  { assessment }: AssessmentInPacs,
  given: AssessmentToRecord,
  judged: readonly OwnDocument[],
  findings: readonly AssessedFinding[],
): boolean {
  const names = (
    all: readonly { readonly concept: { readonly value: string; readonly scheme: string }; readonly decision: Decision }[],
  ): readonly string[] => all.map(({ concept, decision }) => `${concept.scheme} ${concept.value} ${decision}`).sort();
  const namesAll = judged.every((one) =>
    assessment.predecessors.some((predecessor) => predecessor.sopInstanceUID === one.reference.sopInstanceUID),
  );
  return (
    namesAll &&
    assessment.verified === (given.reader.verifiesFor !== undefined) &&
    assessment.adjudicates === (given.adjudicates ?? false) &&
    isDeepStrictEqual(names(assessment.findings), names(findings))
  );
}

function contentOf(
  given: AssessmentToRecord,
  instances: readonly DataSet[],
  findings: readonly AssessedFinding[],
  predecessors: readonly DocumentReference[],
  tools: RecordAssessmentPorts,
): AssessmentContent {
  const images = instances.filter((one) => numberOf(one, 'Rows') !== undefined && !isOwnDocument(one));
  const evidence = findings.some((finding) => finding.images.length > 0) ? [] : evidenceOf(images);
  const source = images[0] ?? instances[0]!;
  const content: AssessmentContent = {
    source,
    reader: given.reader,
    findings,
    adjudicates: given.adjudicates ?? false,
    origin: given.origin,
    softwareVersion: tools.softwareVersion,
    evidence,
    procedures: proceduresOf(source),
    createdAt: tools.clock.now(),
    // In one order, whatever order the PACS lists them in.
    predecessors: [...predecessors].sort((a, b) => (a.sopInstanceUID < b.sopInstanceUID ? -1 : 1)),
    seriesInstanceUID: '2.25.0' as SeriesInstanceUID,
    sopInstanceUID: '2.25.0' as SOPInstanceUID,
    seriesNumber: tools.seriesNumber,
    instanceNumber: 1,
  };
  // Everything but the moment: two requests at the same moment name the same object, and no name has two contents.
  const digest = createHash('sha256')
    .update(writePart10(assessmentReport({ ...content, createdAt: new Date(0) })))
    .digest('hex');
  const parts = [assessmentForm, given.studyInstanceUID, digest];
  return {
    ...content,
    seriesInstanceUID: derivedUid<SeriesInstanceUID>('assessment', 'series', ...parts),
    sopInstanceUID: derivedUid<SOPInstanceUID>('assessment', 'instance', ...parts),
  };
}

async function store(document: DataSet, { procedures }: AssessmentContent, tools: RecordAssessmentPorts): Promise<RecordedAssessment> {
  const reference = referenceTo(document);
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = reference;
  const mistakes = checkAssessment(document, { codes: [...tools.codes, ...procedures] });
  if (mistakes.length > 0) throw new Fault('document-invalid', mistakes.join('; '), { studyInstanceUID });
  await tools.pacs.storeInstances([writePart10(document)]);
  const kept = readAssessment(readPart10(await tools.pacs.retrieveInstance(studyInstanceUID, seriesInstanceUID, sopInstanceUID)).dataSet);
  // Two requests at the same moment name the same object; which of the two the PACS keeps, and so its time, does not matter.
  if (!kept || !isDeepStrictEqual({ ...kept, createdAt: undefined }, { ...readAssessment(document)!, createdAt: undefined })) {
    throw new Fault('read-back-differs', 'expected the assessment that was sent, found another', { studyInstanceUID, sopInstanceUID });
  }
  return { reference, assessment: kept, stored: true };
}
