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

/** What a finding is tracked by. */
export interface TrackedFinding {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly concept: CodedConcept;
  readonly side: Side | undefined;
  /** Name of its model, where several models analysed the study. */
  readonly model?: string | undefined;
}

/**
 * Tracking Unique Identifiers of the findings of one result (trackingUidOf). Where two models report one finding, each has its own:
 * viewers draw two groups with one identifier as one.
 */
export function trackingUidsOf(findings: readonly TrackedFinding[], earlier: readonly OwnDocument[]): readonly string[] {
  return findings.map(({ studyInstanceUID, concept, side, model }) => {
    const isShared = findings.filter((one) => sameConcept(one.concept, concept)).length > 1;
    return trackingUidOf(studyInstanceUID, concept, side, earlier, isShared ? model : undefined);
  });
}

/**
 * The Tracking Unique Identifier of a finding: that of the same finding in an earlier result of the study, so that a lesion
 * can be followed over superseding results; else derived from study and finding. A finding on the other side of the patient
 * is another lesion.
 *
 * @param earlier our documents in the study, superseded ones too
 * @param model name of its model, if another model reports the same finding: then only that model's earlier findings count
 */
export function trackingUidOf(
  studyInstanceUID: StudyInstanceUID,
  concept: CodedConcept,
  side: Side | undefined,
  earlier: readonly OwnDocument[],
  model?: string,
): string {
  const known = [...earlier]
    .sort(
      (a, b) =>
        (b.report.createdAt?.getTime() ?? 0) - (a.report.createdAt?.getTime() ?? 0) ||
        (a.reference.sopInstanceUID < b.reference.sopInstanceUID ? -1 : 1),
    )
    .flatMap(({ report }) =>
      report.findings.filter(
        (one) =>
          one.trackingUID !== undefined &&
          sameConcept(one.concept, concept) &&
          (model === undefined || (one.algorithm ?? report.algorithm).name === model),
      ),
    );
  const sameSide = known.find((one) => one.side === side) ?? known.find((one) => one.side === undefined || side === undefined);
  if (sameSide) return sameSide.trackingUID!;
  return derivedUid(
    'tracking',
    studyInstanceUID,
    concept.scheme,
    concept.value,
    ...(known.length > 0 && side ? [side] : []),
    ...(model === undefined ? [] : [`model ${model}`]),
  );
}
