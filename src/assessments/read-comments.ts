import { sameConcept } from '../dicom/code.js';
import { readPart10 } from '../dicom/part10.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { Fault, isOutage } from '../errors.js';
import { readAssessment } from '../sr/read-assessment.js';
import type { IndexedAssessment } from './indexed-assessment.js';
import type { AssessmentPacs } from './ports.js';

/**
 * What readers wrote about the findings, from the documents in the PACS: free text is stored nowhere else.
 *
 * @returns by SOP Instance UID of the assessment the comments in the order of its findings; a document that was deleted or cannot be read has none
 * @throws Fault of an outage of the PACS
 */
export async function readComments(
  assessments: readonly IndexedAssessment[],
  pacs: Pick<AssessmentPacs, 'retrieveInstance'>,
): Promise<ReadonlyMap<string, readonly (string | undefined)[]>> {
  return new Map(
    await Promise.all(
      assessments.map(async (one) => {
        const read = await documentOf(one, pacs);
        const comments = one.findings.map(
          ({ code: value, scheme, meaning }) =>
            read?.findings.find(({ concept }) => sameConcept(concept, { value, scheme, meaning }))?.comment,
        );
        return [one.sopInstanceUID, comments] as const;
      }),
    ),
  );
}

async function documentOf(
  { studyInstanceUID, seriesInstanceUID, sopInstanceUID }: IndexedAssessment,
  pacs: Pick<AssessmentPacs, 'retrieveInstance'>,
): Promise<ReturnType<typeof readAssessment>> {
  try {
    const file = await pacs.retrieveInstance(
      studyInstanceUID as StudyInstanceUID,
      seriesInstanceUID as SeriesInstanceUID,
      sopInstanceUID as SOPInstanceUID,
    );
    return readAssessment(readPart10(file).dataSet);
  } catch (error) {
    if (error instanceof Fault && !isOutage(error)) return undefined;
    throw error;
  }
}
