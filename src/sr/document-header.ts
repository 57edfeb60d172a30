import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID } from '../dicom/uid.js';
import { codingSchemes } from './coding-schemes.js';
import { codeItem, type ContentItem } from './content-item.js';
import { legalString } from './legal-value.js';
import { patientAndStudy } from './patient-study.js';
import { hierarchicalReferences, type DocumentReference, type ImageReference } from './references.js';
import { performedProcedureStep, referencedRequests } from './requests.js';
import { fractionOf, localTime } from './timezone.js';

export const comprehensiveSr = '1.2.840.10008.5.1.4.1.1.88.33';
export const comprehensive3dSr = '1.2.840.10008.5.1.4.1.1.88.34';

/** The part of a document's content that its header is made of. */
export interface HeaderContent {
  /** Data set of one image (or any instance) of the study: patient, study, requests and performed steps are copied from it. */
  readonly source: DataSet;
  /** Every image that the document refers to. */
  readonly evidence: readonly ImageReference[];
  /** The imaging procedures (Procedure reported, Performed Procedure Code); none if nobody stated one. */
  readonly procedures: readonly CodedConcept[];
  readonly createdAt: Date;
  readonly predecessors: readonly DocumentReference[];
  /** Identity, derived by the caller so that a repeat names the same object. */
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopInstanceUID: SOPInstanceUID;
  readonly seriesNumber: number;
  readonly instanceNumber: number;
}

/** SOP Common (PS3.3 C.12.1) without its sequences, patient and study of an instance that is made of an image of the study. */
export function instanceOf(
  { source, createdAt, sopInstanceUID }: Pick<HeaderContent, 'source' | 'createdAt' | 'sopInstanceUID'>,
  sopClassUID: string,
): DataSet {
  const created = localTime(createdAt, source);
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: sopClassUID,
    SOPInstanceUID: sopInstanceUID,
    InstanceCreationDate: created.date,
    InstanceCreationTime: created.time,
    ...(created.offset ? { TimezoneOffsetFromUTC: created.offset } : {}),
    ...patientAndStudy(source),
  };
}

/**
 * A whole document: SOP Common (PS3.3 C.12.1), SR Document Series (C.17.1), SR Document General (C.17.2), patient and study,
 * around its content tree.
 *
 * COMPLETE, because all that was found is in it.
 *
 * @param modules attributes of equipment, verification and preliminary flags
 * @param tree the root content item
 */
export function documentOf(
  content: HeaderContent,
  sopClassUID: string,
  seriesDescription: string,
  modules: DataSet,
  tree: ContentItem,
): DataSet {
  const created = localTime(content.createdAt, content.source);
  const evidence = hierarchicalReferences(content.evidence);
  const document: DataSet = {
    ...instanceOf(content, sopClassUID),
    Modality: 'SR',
    SeriesInstanceUID: content.seriesInstanceUID,
    SeriesNumber: content.seriesNumber,
    SeriesDate: created.date,
    SeriesTime: created.time,
    SeriesDescription: legalString(seriesDescription, 64),
    ReferencedPerformedProcedureStepSequence: performedProcedureStep(content.source),
    InstanceNumber: content.instanceNumber,
    ContentDate: created.date,
    // To the millisecond: of two documents the later one counts.
    ContentTime: `${created.time}${fractionOf(content.createdAt)}`,
    CompletionFlag: 'COMPLETE',
    ...modules,
    ...referencedRequests(content.source),
    PerformedProcedureCodeSequence: content.procedures.map(codeItem),
    ...(evidence.length > 0 ? { CurrentRequestedProcedureEvidenceSequence: evidence } : {}),
    ...(content.predecessors.length > 0 ? { PredecessorDocumentsSequence: hierarchicalReferences(content.predecessors) } : {}),
    ...tree,
  };
  return { ...document, ...codingSchemes(document, content.source) };
}
