import type { CodedConcept } from '../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { isUid } from '../dicom/uid.js';
import { codeItem } from './content-item.js';
import { legalString } from './legal-value.js';

/** What was ordered and what was done, as the images state it. */

/**
 * The imaging procedures that the images name: Procedure Code Sequence (0008,1032), else the Requested Procedure Code
 * Sequence of their request (PS3.3 C.7.2.1, 10.6). A code that is not complete and legal (PS3.3 Table 8.8-1) is left out.
 *
 * @param fallback for images that name none
 */
export function proceduresOf(image: DataSet, fallback?: CodedConcept): readonly CodedConcept[] {
  const performed = legalConcepts(image, 'ProcedureCodeSequence');
  if (performed.length > 0) return performed;
  const requested = [image, ...itemsOf(image, 'RequestAttributesSequence')].flatMap((one) =>
    legalConcepts(one, 'RequestedProcedureCodeSequence'),
  );
  return requested.length > 0 || !fallback ? distinct(requested) : [fallback];
}

/**
 * Referenced Request Sequence (PS3.3 Table C.17-2), required if the document fulfils a request: one item for each item of
 * the image's Request Attributes Sequence (10.6). Type 2 attributes that the image does not state are empty.
 */
export function referencedRequests(image: DataSet): DataSet {
  const items = itemsOf(image, 'RequestAttributesSequence').map((request) => {
    const studyInstanceUID = textOf(request, 'StudyInstanceUID') ?? textOf(image, 'StudyInstanceUID') ?? '';
    return {
      StudyInstanceUID: studyInstanceUID,
      ReferencedStudySequence: sopReferences(request, 'ReferencedStudySequence'),
      AccessionNumber: identifier(request, 'AccessionNumber') || identifier(image, 'AccessionNumber'),
      PlacerOrderNumberImagingServiceRequest:
        long(request, 'PlacerOrderNumberImagingServiceRequest') || long(image, 'PlacerOrderNumberImagingServiceRequest'),
      FillerOrderNumberImagingServiceRequest:
        long(request, 'FillerOrderNumberImagingServiceRequest') || long(image, 'FillerOrderNumberImagingServiceRequest'),
      RequestedProcedureID: identifier(request, 'RequestedProcedureID'),
      RequestedProcedureDescription: long(request, 'RequestedProcedureDescription'),
      RequestedProcedureCodeSequence: legalConcepts(request, 'RequestedProcedureCodeSequence').map(codeItem),
    };
  });
  const known = items.filter((one) => isUid(one.StudyInstanceUID));
  return known.length > 0 ? { ReferencedRequestSequence: known } : {};
}

/**
 * Referenced Performed Procedure Step Sequence (PS3.3 Table C.17-1, Type 2, one item at most): the modality's step, which
 * Note 2 there allows for a document that is made of its images. Empty where the image names none.
 */
export function performedProcedureStep(image: DataSet): readonly DataSet[] {
  return sopReferences(image, 'ReferencedPerformedProcedureStepSequence').slice(0, 1);
}

function sopReferences(dataSet: DataSet, keyword: string): readonly DataSet[] {
  return itemsOf(dataSet, keyword).flatMap((item) => {
    const [ReferencedSOPClassUID = '', ReferencedSOPInstanceUID = ''] = [
      textOf(item, 'ReferencedSOPClassUID'),
      textOf(item, 'ReferencedSOPInstanceUID'),
    ];
    return isUid(ReferencedSOPClassUID) && isUid(ReferencedSOPInstanceUID) ? [{ ReferencedSOPClassUID, ReferencedSOPInstanceUID }] : [];
  });
}

function legalConcepts(dataSet: DataSet, keyword: string): readonly CodedConcept[] {
  const concepts = itemsOf(dataSet, keyword).map((item) => conceptOf({ [keyword]: [item] }, keyword));
  return distinct(
    concepts.filter(
      (one) =>
        one !== undefined &&
        /^[^\s\\]{1,64}$/.test(one.value) &&
        /^[^\s\\]{1,16}$/.test(one.scheme) &&
        /^[^\\\p{Cc}]{1,64}$/u.test(one.meaning),
    ) as readonly CodedConcept[],
  );
}

function distinct(concepts: readonly CodedConcept[]): readonly CodedConcept[] {
  return concepts.filter((one, index) => concepts.findIndex((other) => other.scheme === one.scheme && other.value === one.value) === index);
}

/** SH as it stands, or '' where it is not legal: a shortened identifier would be another one. */
function identifier(dataSet: DataSet, keyword: string): string {
  const value = textOf(dataSet, keyword) ?? '';
  return legalString(value, 16) === value ? value : '';
}

function long(dataSet: DataSet, keyword: string): string {
  return legalString(textOf(dataSet, keyword) ?? '', 64);
}
