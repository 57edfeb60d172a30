import type { DataSet } from '../dicom/data-set.js';
import { legalString } from './legal-value.js';
import { patientAndStudy } from './patient-study.js';
import { hierarchicalReferences } from './references.js';
import type { DocumentReference, ImageReference } from './report-content.js';
import type { SeriesInstanceUID, SOPInstanceUID } from '../dicom/uid.js';
import { fractionOf, localTime } from './timezone.js';

export const comprehensiveSr = '1.2.840.10008.5.1.4.1.1.88.33';
export const comprehensive3dSr = '1.2.840.10008.5.1.4.1.1.88.34';

/** What the header of a document needs of its content. */
export interface HeaderContent {
  /** Data set of one image (or any instance) of the study: patient and study modules are copied from it. */
  readonly source: DataSet;
  /** Every image that the document refers to. */
  readonly evidence: readonly ImageReference[];
  readonly createdAt: Date;
  /** Time zone offset of createdAt as DICOM has it, e.g. "+0100". */
  readonly timezoneOffset: string;
  readonly predecessors: readonly DocumentReference[];
  /** Identity, derived by the caller so that a repeat names the same object. */
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopInstanceUID: SOPInstanceUID;
  readonly seriesNumber: number;
  readonly instanceNumber: number;
}

/**
 * Everything of a document but its content tree: SOP Common (PS3.3 C.12.1), SR Document Series (C.17.1) and SR
 * Document General (C.17.2), with patient and study.
 *
 * COMPLETE, because all that was found is in it.
 *
 * @param who equipment, and the flags that say whether somebody stands for it
 */
export function documentHeader(content: HeaderContent, sopClassUID: string, seriesDescription: string, who: DataSet): DataSet {
  const created = localTime(content.createdAt, content.source, content.timezoneOffset);
  const evidence = hierarchicalReferences(content.evidence);
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: sopClassUID,
    SOPInstanceUID: content.sopInstanceUID,
    InstanceCreationDate: created.date,
    InstanceCreationTime: created.time,
    TimezoneOffsetFromUTC: created.offset,
    ...patientAndStudy(content.source),
    Modality: 'SR',
    SeriesInstanceUID: content.seriesInstanceUID,
    SeriesNumber: content.seriesNumber,
    SeriesDate: created.date,
    SeriesTime: created.time,
    SeriesDescription: legalString(seriesDescription, 64),
    ReferencedPerformedProcedureStepSequence: [],
    InstanceNumber: content.instanceNumber,
    ContentDate: created.date,
    // To the millisecond: of two documents the later one counts.
    ContentTime: `${created.time}${fractionOf(content.createdAt)}`,
    CompletionFlag: 'COMPLETE',
    ...who,
    PerformedProcedureCodeSequence: [],
    ...(evidence.length > 0 ? { CurrentRequestedProcedureEvidenceSequence: evidence } : {}),
    ...(content.predecessors.length > 0 ? { PredecessorDocumentsSequence: hierarchicalReferences(content.predecessors) } : {}),
  };
}
