import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { documentsWrittenHere } from '../reporting/erased-study.js';
import type { FoundStudy } from './find-patient.js';
import type { RetentionPorts } from './ports.js';

/** Documents and labels as the PACS contains them now: some may have arrived since they were found, from a job in progress. */
export async function removeFromPacs(
  { studyInstanceUID, pacsStudyId }: FoundStudy,
  { pacs, removeResultLabels }: RetentionPorts,
): Promise<void> {
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
