import type { DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import { isWrittenHere } from '../sr/own-document.js';
import type { DocumentReference } from '../sr/report-content.js';
import { referenceTo } from './image-reference.js';
import type { Pacs } from './ports.js';
import type { ErasedStudy } from './study-intake.js';

export function erasedFault(studyInstanceUID: string): Fault {
  return new Fault('study-erased', 'expected a study whose data were not erased; `chest-ai erase --allow` lets it be analysed again', {
    studyInstanceUID,
  });
}

/** References to all documents in a study that this program wrote: reports, heat maps, assessments that were given here. */
export function documentsWrittenHere(instances: readonly DataSet[]): readonly DocumentReference[] {
  return instances.filter(isWrittenHere).map(referenceTo);
}

/** A job that was in progress when the study was erased may have stored documents and then been killed: they are removed when they arrive. */
export async function removeStoredDocuments(
  { studyInstanceUID, hasOwnDocuments }: ErasedStudy,
  { pacs, log }: { readonly pacs: Pick<Pacs, 'retrieveStudyMetadata' | 'content'>; readonly log: Log },
): Promise<void> {
  if (!hasOwnDocuments || !pacs.content) return;
  const documents = documentsWrittenHere(await pacs.retrieveStudyMetadata(studyInstanceUID));
  if (documents.length === 0) return;
  await pacs.content.removeDocuments(documents);
  log.info('documents that arrived in a study whose data were erased were removed', { documents: documents.length });
}
