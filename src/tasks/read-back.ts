import { readPart10 } from '../dicom/part10.js';
import type { DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import { readReport, sameReport } from '../sr/read-report.js';
import { referenceTo } from './image-reference.js';
import type { Pacs, ResultDocument } from './tools.js';

/**
 * Fetches a document that was just stored and compares what it says with what was meant.
 *
 * @throws Fault `read-back-differs`
 */
export async function readBack(sent: DataSet, kind: ResultDocument['kind'], pacs: Pacs): Promise<ResultDocument> {
  const reference = referenceTo(sent);
  const bytes = await pacs.retrieveInstance(reference.studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID);
  if (!sameReport(readReport(readPart10(bytes).dataSet), readReport(sent))) {
    throw new Fault('read-back-differs', 'expected the findings that were sent, found others', { sopInstanceUID: reference.sopInstanceUID, studyInstanceUID: reference.studyInstanceUID });
  }
  return { ...reference, kind };
}
