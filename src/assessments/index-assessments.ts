import type { StudyInstanceUID } from '../dicom/uid.js';
import { ownDocumentsIn } from '../reporting/own-documents.js';
import { currentReports } from '../reporting/report-again.js';
import { readAssessments } from './assessments-in-pacs.js';
import { indexedAssessment, type IndexedAssessment } from './indexed-assessment.js';
import type { IndexPorts } from './ports.js';

/** Refused documents that were already logged; a limit for a process that runs for years. */
const maxRemembered = 100_000;
const logged = new WeakMap<IndexPorts['index'], Set<string>>();

/**
 * Indexes the assessments that the PACS contains of a study, wherever they were given: here, at another system, or before the database
 * was lost. Assessments that were deleted from the PACS are removed and no longer count as labels. Reports of this service that were
 * moved here from another study are noticed.
 *
 * @returns the number that were new
 */
export async function indexAssessments(study: StudyInstanceUID, ports: IndexPorts): Promise<number> {
  const { pacs, index, findingNameOf, log } = ports;
  const known = new Set((await index.ofStudy(study)).map((one) => one.sopInstanceUID));
  const present: string[] = [];
  let added = 0;
  const metadata = await pacs.retrieveStudyMetadata(study);
  for (const { reference, assessment } of readAssessments(metadata)) {
    const found = indexedAssessment(reference, assessment, findingNameOf);
    if (!found) continue;
    present.push(found.sopInstanceUID);
    if (!known.has(found.sopInstanceUID) && !(await isAccepted(found, ports))) continue;
    if (!(await index.record(found))) continue;
    await ports.audit?.recordIfPossible({ ...auditEntryOf(found), action: 'assessment.found' });
    added++;
  }
  if (currentReports(ownDocumentsIn(metadata)).length > 1) await ports.onSeveralReports?.(study);
  const removed = await index.prune(study, present, [...known]);
  if (removed > 0) log.info('assessments were deleted from the PACS and no longer count as labels', { study, assessments: removed });
  if (added > 0) log.info('assessments found in the PACS', { study, assessments: added });
  return added;
}

/** A refused document is logged and recorded once by each process. */
async function isAccepted(found: IndexedAssessment, { accepts, index, audit, log }: IndexPorts): Promise<boolean> {
  const { sopInstanceUID, studyInstanceUID } = found;
  if (await accepts(sopInstanceUID)) return true;
  const refused = logged.get(index) ?? new Set<string>();
  logged.set(index, refused);
  if (refused.has(sopInstanceUID)) return false;
  log.warn('an assessment in the PACS comes from a system that assessments.acceptFrom does not name; it does not count as a label', {
    study: studyInstanceUID,
    document: sopInstanceUID,
  });
  await audit?.recordIfPossible({ ...auditEntryOf(found), action: 'assessment.found', outcome: 'refused' });
  if (refused.size < maxRemembered) refused.add(sopInstanceUID);
  return false;
}

/** The actor is the service, which found the document: the reader whom it names may not know of it. */
function auditEntryOf({ studyInstanceUID, sopInstanceUID, reader, verified, origin }: IndexedAssessment) {
  return {
    actor: 'service',
    subject: { studyInstanceUID, sopInstanceUID, reader: reader.slice(0, 100), verified, origin: origin.slice(0, 20) },
  };
}
