import type { StudyInstanceUID } from '../dicom/uid.js';
import { documentUids, type DocumentUids } from './document-identity.js';
import { outcomeName } from './outcome-name.js';
import { algorithmParametersOf, modelKeyIn, type OwnDocument } from './own-documents.js';

/** The UIDs of all documents of the result that a report in the PACS states, derived again from its content. */
export function uidsOfReport(studyInstanceUID: StudyInstanceUID, { report }: Pick<OwnDocument, 'report'>): DocumentUids {
  const { inputKey = '', content } = algorithmParametersOf(report.algorithm);
  return documentUids({
    studyInstanceUID,
    outcome: outcomeName(report.outcome),
    inputKey,
    deviceUID: modelKeyIn(report),
    predecessors: report.predecessors,
    content,
  });
}
