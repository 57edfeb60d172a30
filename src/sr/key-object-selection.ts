import type { CodedConcept } from '../dicom/code.js';
import { conceptOf, textOf, type DataSet } from '../dicom/data-set.js';
import { sameConcept } from '../dicom/code.js';
import type { SOPClassUID } from '../dicom/uid.js';
import { codes } from './codes.js';
import { codingSchemes } from './coding-schemes.js';
import { composite, image, root, text } from './content-item.js';
import { instanceOf, type HeaderContent } from './document-header.js';
import { equipment, legalIdentity } from './equipment.js';
import { legalString } from './legal-value.js';
import { hierarchicalReferences, readHierarchical, type DocumentReference, type ImageReference } from './references.js';
import type { AlgorithmIdentity } from './report-content.js';
import { performedProcedureStep, referencedRequests } from './requests.js';
import { deviceObserver } from './tid-1001-observation-context.js';
import { languageOfContent } from './tid-1204-language.js';
import { fractionOf, localTime } from './timezone.js';

export const keyObjectSelection = '1.2.840.10008.5.1.4.1.1.88.59' as SOPClassUID;

/** What a selection selects and why. */
export interface KeyObjects
  extends Pick<HeaderContent, 'source' | 'createdAt' | 'seriesInstanceUID' | 'sopInstanceUID' | 'seriesNumber' | 'instanceNumber'> {
  readonly title: CodedConcept;
  readonly seriesDescription: string;
  /** For people: what it is about, and that it is not for diagnosis. */
  readonly description: string;
  readonly images: readonly ImageReference[];
  /** Instances that are no images. */
  readonly documents: readonly DocumentReference[];
  readonly algorithm: AlgorithmIdentity;
}

/**
 * A Key Object Selection Document (PS3.3 A.35.4, C.17.6) with TID 2010 (PS3.16): the images and documents that somebody should look at
 * first, or, titled Rejected for Patient Safety Reasons, those that nobody should rely on any more (IHE IOCM, RAD TF-2 4.66).
 *
 * @throws Error without an image or a document: a selection of nothing is not legal
 */
export function keyObjectSelectionOf(content: KeyObjects): DataSet {
  if (content.images.length + content.documents.length === 0) throw new Error('a key object selection needs an object');
  const algorithm = legalIdentity(content.algorithm);
  const created = localTime(content.createdAt, content.source);
  const document: DataSet = {
    ...instanceOf(content, keyObjectSelection),
    Modality: 'KO',
    SeriesInstanceUID: content.seriesInstanceUID,
    SeriesNumber: content.seriesNumber,
    SeriesDate: created.date,
    SeriesTime: created.time,
    SeriesDescription: legalString(content.seriesDescription, 64),
    ReferencedPerformedProcedureStepSequence: performedProcedureStep(content.source),
    ...equipment(algorithm),
    InstanceNumber: content.instanceNumber,
    ContentDate: created.date,
    ContentTime: `${created.time}${fractionOf(content.createdAt)}`,
    ...referencedRequests(content.source),
    CurrentRequestedProcedureEvidenceSequence: hierarchicalReferences([...content.images, ...content.documents]),
    ...root(content.title, '2010', [
      ...languageOfContent(),
      ...deviceObserver(algorithm),
      text('CONTAINS', codes.keyObjectDescription, content.description),
      ...content.images.map((one) => image('CONTAINS', undefined, one)),
      ...content.documents.map((one) => composite('CONTAINS', one)),
    ]),
  };
  return { ...document, ...codingSchemes(document, content.source) };
}

/** The instances that a selection names. */
export function selectedObjects(dataSet: DataSet): readonly DocumentReference[] {
  return readHierarchical(dataSet, 'CurrentRequestedProcedureEvidenceSequence');
}

export function isKeyObjectSelection(dataSet: DataSet): boolean {
  return textOf(dataSet, 'SOPClassUID') === keyObjectSelection;
}

/** Whether a selection names what nobody should rely on any more. */
export function isRejection(dataSet: DataSet): boolean {
  return isKeyObjectSelection(dataSet) && sameConcept(conceptOf(dataSet, 'ConceptNameCodeSequence'), codes.rejectedForPatientSafety);
}
