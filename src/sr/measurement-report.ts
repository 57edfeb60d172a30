import type { DataSet } from '../dicom/data-set.js';
import { legalIdentity } from './algorithm.js';
import { codes } from './codes.js';
import { code, container, image, num, root, text, type ContentItem } from './content-item.js';
import { decisionCodes } from './decision.js';
import { comprehensive3dSr } from './document-header.js';
import type { ReportContent, ReportedFinding } from './report-content.js';
import { reportHeader } from './report-header.js';
import { certaintyOf, notice, seriesDescriptionOf } from './sentences.js';
import { observationContext } from './tid-1001-observation-context.js';
import { languageOfContent } from './tid-1204-language.js';
import { algorithmIdentification } from './tid-4019-algorithm-identification.js';
import { measurementGroup } from './tid-1501-measurement-group.js';
import { imageLibrary } from './tid-1600-image-library.js';

/** Whether there is something to point at: OHIF crashes on a measurement report without. */
export function hasPlace(content: ReportContent): boolean {
  return content.outcome.kind === 'reported' && content.findings.some((finding) => finding.region !== undefined);
}

/**
 * TID 1500 Measurement Report (PS3.16) as Comprehensive 3D SR, the class and root template that IHE AIR demands.
 *
 * Findings with a place are measurement groups; those without go into Qualitative Evaluations, because a group without
 * SCOORD crashes OHIF. There each is CODE finding = present/absent/undetermined with its certainty as a property:
 * the template lists CODE and TEXT in that container and is extensible below them. With no place at all there is no
 * Imaging Measurements container, which the template leaves out then.
 */
export function measurementReport(content: ReportContent): DataSet {
  const algorithm = legalIdentity(content.algorithm);
  const groups = content.findings.flatMap((finding) => (finding.region ? [measurementGroup(finding, finding.region, algorithm, content.sopInstanceUID)] : []));
  const elsewhere = content.findings.filter((finding) => finding.region === undefined);
  return {
    ...reportHeader(content, comprehensive3dSr, seriesDescriptionOf(content, 'regions')),
    ...root(codes.imagingMeasurementReport, '1500', [
      ...languageOfContent(),
      ...observationContext(algorithm),
      code('HAS CONCEPT MOD', codes.procedureReported, content.procedureReported),
      ...imageLibrary(content.evidence),
      ...(groups.length > 0 ? [container('CONTAINS', codes.imagingMeasurements, groups)] : []),
      container('CONTAINS', codes.qualitativeEvaluations, [
        ...elsewhere.map(evaluation),
        text('CONTAINS', codes.comment, notice),
        // Each measurement group names the algorithm; where there is none, somebody has to.
        ...(groups.length > 0 ? [] : algorithmIdentification(algorithm, 'CONTAINS')),
      ]),
    ]),
  };
}

function evaluation(finding: ReportedFinding): ContentItem {
  const sources = finding.images.map((one) => image('INFERRED FROM', codes.sourceOfMeasurement, one));
  return code('CONTAINS', finding.concept, decisionCodes[finding.decision], [
    num('HAS PROPERTIES', codes.certaintyOfFinding, certaintyOf(finding), codes.percent, sources),
  ]);
}
