import type { DataSet } from '../dicom/data-set.js';
import { legalIdentity } from './algorithm.js';
import { documentHeader } from './document-header.js';
import { equipment } from './equipment.js';
import type { ReportContent } from './report-content.js';

/**
 * The header of what the software says: UNVERIFIED and PRELIMINARY, because no physician has seen it. Evidence holds every
 * image that findings rest on (PS3.3 C.17.2.3).
 */
export function reportHeader(content: ReportContent, sopClassUID: string, seriesDescription: string): DataSet {
  const pointedAt = content.findings.flatMap((finding) => [...finding.images, ...(finding.region ? [finding.region.image] : [])]);
  const who = { ...equipment(legalIdentity(content.algorithm)), VerificationFlag: 'UNVERIFIED', PreliminaryFlag: 'PRELIMINARY' };
  return documentHeader({ ...content, evidence: [...content.evidence, ...pointedAt] }, sopClassUID, seriesDescription, who);
}
