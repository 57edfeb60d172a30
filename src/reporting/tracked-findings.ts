import type { CodedConcept } from '../dicom/code.js';
import { sameConcept } from '../dicom/code.js';
import { numbersOf, textsOf, type DataSet } from '../dicom/data-set.js';
import { derivedUid, type StudyInstanceUID } from '../dicom/uid.js';
import type { Box } from '../pixels/image.js';
import type { Side } from '../sr/report-content.js';
import type { OwnDocument } from './own-documents.js';

/** A box lies on one side of the patient if this share of its width does. */
const minShareOnOneSide = 0.8;

/**
 * The side of the patient on which a box lies, undefined where it crosses the middle or the image does not state its
 * orientation (Patient Orientation, PS3.3 C.7.6.1.1.1; Image Orientation (Patient), C.7.6.2.1.1).
 *
 * @param box in fractions (0 to 1) of the image as the network saw it: upright, the patient's left at the right
 */
export function sideOf(box: Box, image: DataSet): Side | undefined {
  if (!statesSides(image)) return undefined;
  const width = box.right - box.left;
  if (!(width > 0)) return undefined;
  const atLeft = Math.min(1, Math.max(0, (Math.min(box.right, 0.5) - box.left) / width));
  if (atLeft >= minShareOnOneSide) return 'right';
  return 1 - atLeft >= minShareOnOneSide ? 'left' : undefined;
}

/** Whether right and left run along the rows or columns of the image: it was turned upright by that. */
function statesSides(image: DataSet): boolean {
  const directions = textsOf(image, 'PatientOrientation').map((one) => one.toUpperCase());
  if (directions.length === 2)
    return directions.filter((one) => /^[RL]/.test(one)).length === 1 && directions.filter((one) => /^[HF]/.test(one)).length === 1;
  const cosines = numbersOf(image, 'ImageOrientationPatient');
  return cosines.length === 6 && Math.max(Math.abs(cosines[0]!), Math.abs(cosines[3]!)) > Math.SQRT1_2;
}

/**
 * The Tracking Unique Identifier of a finding: that of the same finding in an earlier result of the study, so that a lesion
 * can be followed over superseding results; else derived from study and finding. A finding on the other side of the patient
 * is another lesion.
 *
 * @param earlier our documents in the study, superseded ones too
 */
export function trackingUidOf(
  studyInstanceUID: StudyInstanceUID,
  concept: CodedConcept,
  side: Side | undefined,
  earlier: readonly OwnDocument[],
): string {
  const known = [...earlier]
    .sort(
      (a, b) =>
        (b.report.createdAt?.getTime() ?? 0) - (a.report.createdAt?.getTime() ?? 0) ||
        (a.reference.sopInstanceUID < b.reference.sopInstanceUID ? -1 : 1),
    )
    .flatMap((document) => document.report.findings.filter((one) => one.trackingUID !== undefined && sameConcept(one.concept, concept)));
  const sameSide = known.find((one) => one.side === side) ?? known.find((one) => one.side === undefined || side === undefined);
  if (sameSide) return sameSide.trackingUID!;
  return derivedUid('tracking', studyInstanceUID, concept.scheme, concept.value, ...(known.length > 0 && side ? [side] : []));
}
