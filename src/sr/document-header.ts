import type { DataSet } from '../dicom/data-set.js';
import { legalIdentity } from './algorithm.js';
import { equipment } from './equipment.js';
import { legalString } from './legal-value.js';
import { patientAndStudy } from './patient-study.js';
import { hierarchicalReferences } from './references.js';
import type { ImageReference, ReportContent } from './report-content.js';
import { localTime } from './timezone.js';

export const comprehensiveSr = '1.2.840.10008.5.1.4.1.1.88.33';
export const comprehensive3dSr = '1.2.840.10008.5.1.4.1.1.88.34';

/**
 * Everything of a document but its content tree: SOP Common (PS3.3 C.12.1), SR Document Series (C.17.1) and SR
 * Document General (C.17.2), with patient, study and equipment.
 *
 * COMPLETE, because all that was found is in it; UNVERIFIED and PRELIMINARY, because no physician has seen it.
 */
export function documentHeader(content: ReportContent, sopClassUID: string, seriesDescription: string): DataSet {
  const created = localTime(content.createdAt, content.source, content.timezoneOffset);
  const evidence = hierarchicalReferences([...content.evidence, ...imagesOf(content)]);
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
    ...equipment(legalIdentity(content.algorithm)),
    InstanceNumber: content.instanceNumber,
    ContentDate: created.date,
    ContentTime: created.time,
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PreliminaryFlag: 'PRELIMINARY',
    PerformedProcedureCodeSequence: [],
    ...(evidence.length > 0 ? { CurrentRequestedProcedureEvidenceSequence: evidence } : {}),
    ...(content.predecessors.length > 0 ? { PredecessorDocumentsSequence: hierarchicalReferences(content.predecessors) } : {}),
  };
}

/** The images that findings rest on; evidence must hold every one of them (PS3.3 C.17.2.3). */
function imagesOf(content: ReportContent): readonly ImageReference[] {
  return content.findings.flatMap((finding) => [...finding.images, ...(finding.region ? [finding.region.image] : [])]);
}
