import { textOf, type DataSet } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { Fault } from '../errors.js';
import { readReport, sameReport } from '../sr/read-report.js';
import { referenceTo } from './image-reference.js';
import type { Pacs, ResultDocument } from './ports.js';

/**
 * Retrieves a document that was just stored and compares its content with what was sent.
 *
 * @throws Fault `read-back-differs`
 */
export async function readBack(sent: DataSet, kind: ResultDocument['kind'], pacs: Pacs): Promise<ResultDocument> {
  const reference = referenceTo(sent);
  const bytes = await pacs.retrieveInstance(reference.studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID);
  const stored = readPart10(bytes, { untilPixelData: true }).dataSet;
  const same = kind === 'heat-map' ? sameHeatMap(stored, sent) : sameReport(readReport(stored), readReport(sent));
  if (!same) {
    throw new Fault('read-back-differs', 'expected the findings that were sent, found others', {
      sopInstanceUID: reference.sopInstanceUID,
      studyInstanceUID: reference.studyInstanceUID,
    });
  }
  return { ...reference, kind };
}

/** Its pixels are not compared: a PACS may compress what it stores. */
function sameHeatMap(stored: DataSet, sent: DataSet): boolean {
  return ['SOPInstanceUID', 'DerivationDescription', 'Rows', 'Columns', 'BurnedInAnnotation'].every(
    (keyword) => textOf(stored, keyword) === textOf(sent, keyword),
  );
}
