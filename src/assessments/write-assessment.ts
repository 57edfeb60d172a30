import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { CodedConcept } from '../dicom/code.js';
import { numberOf } from '../dicom/data-set.js';
import { readPart10, writePart10 } from '../dicom/part10.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { evidenceOf } from '../reporting/evidence.js';
import { referenceTo } from '../reporting/image-reference.js';
import type { AssessedFinding, AssessmentContent } from '../sr/assessment-content.js';
import { assessmentReport } from '../sr/assessment-report.js';
import { checkAssessment } from '../sr/check-document.js';
import { isOwnDocument } from '../sr/own-document.js';
import { readAssessment } from '../sr/read-assessment.js';
import { proceduresOf } from '../sr/requests.js';
import type { AssessedStudy } from './assessed-study.js';
import type { AssessmentToRecord } from './assessment-request.js';
import type { AssessmentInPacs } from './assessments-in-pacs.js';
import type { RecordPorts } from './ports.js';

/** Raised when the same assessment would be written differently, so that the new form is a new document. */
const assessmentForm = '3';

/**
 * The content of the document. Its predecessors are the current result, the reader's earlier assessments and, if it ends a
 * disagreement, those of all others; of a withdrawal only the reader's earlier assessments. Its UIDs are derived from everything but the time: the same assessment has the same UIDs, and one
 * UID never has two contents.
 */
export function assessmentContent(
  given: Pick<AssessmentToRecord, 'studyInstanceUID' | 'reader' | 'origin' | 'adjudicates'>,
  { instances, result, ownAssessments, otherAssessments }: AssessedStudy,
  { findings, withdrawn = [] }: { readonly findings: readonly AssessedFinding[]; readonly withdrawn?: readonly CodedConcept[] },
  ports: Pick<RecordPorts, 'softwareVersion' | 'seriesNumber' | 'clock'>,
): AssessmentContent {
  const images = instances.filter((one) => numberOf(one, 'Rows') !== undefined && !isOwnDocument(one));
  const source = images[0] ?? instances[0]!;
  const predecessors = [...(withdrawn.length > 0 ? [] : result), ...ownAssessments, ...(given.adjudicates ? otherAssessments : [])].map(
    (one) => one.reference,
  );
  const content: AssessmentContent = {
    source,
    reader: given.reader,
    findings,
    withdrawn,
    adjudicates: given.adjudicates ?? false,
    origin: given.origin,
    softwareVersion: ports.softwareVersion,
    evidence: findings.some((finding) => finding.images.length > 0) ? [] : evidenceOf(images),
    procedures: proceduresOf(source),
    createdAt: ports.clock.now(),
    // Sorted, because the PACS may list them in any order.
    predecessors: predecessors.sort((a, b) => (a.sopInstanceUID < b.sopInstanceUID ? -1 : 1)),
    seriesInstanceUID: '2.25.0' as SeriesInstanceUID,
    sopInstanceUID: '2.25.0' as SOPInstanceUID,
    seriesNumber: ports.seriesNumber,
    instanceNumber: 1,
  };
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

/**
 * Writes the SR, stores it and reads it back.
 * @throws Fault `document-invalid`, `read-back-differs`, and those of the PACS
 */
export async function storeAssessment(content: AssessmentContent, { pacs, codes }: RecordPorts): Promise<AssessmentInPacs> {
  const document = assessmentReport(content);
  const reference = referenceTo(document);
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = reference;
  const mistakes = checkAssessment(document, { codes: [...codes, ...content.procedures] });
  if (mistakes.length > 0) throw new Fault('document-invalid', mistakes.join('; '), { studyInstanceUID });
  await pacs.storeInstances([writePart10(document)]);
  const stored = readAssessment(readPart10(await pacs.retrieveInstance(studyInstanceUID, seriesInstanceUID, sopInstanceUID)).dataSet);
  // Two requests at the same moment have the same UIDs; which of the two the PACS keeps, and so its time, makes no difference.
  if (!stored || !isDeepStrictEqual({ ...stored, createdAt: undefined }, { ...readAssessment(document)!, createdAt: undefined }))
    throw new Fault('read-back-differs', 'expected the assessment that was sent, found another', { studyInstanceUID, sopInstanceUID });
  return { reference, assessment: stored };
}
