import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { code, container, image, num, root, text, type ContentItem } from './content-item.js';
import { comprehensive3dSr, documentOf } from './document-header.js';
import type { RegionTemplate } from './document-profile.js';
import { algorithmOfFinding, algorithmsOf, hasSeveralAlgorithms } from './algorithms.js';
import { equipment } from './equipment.js';
import type { FindingRegion, ReportContent, ReportedFinding } from './report-content.js';
import { deviceObserver } from './tid-1001-observation-context.js';
import { languageOfContent } from './tid-1204-language.js';
import { measurementGroup } from './tid-1501-measurement-group.js';
import { imageLibrary } from './tid-1600-image-library.js';
import { decisionCodes, notice, probabilityPercent, seriesDescriptionOf } from './wording.js';

/** Whether a finding has a region: OHIF crashes on a measurement report without. */
export function hasPlace(content: ReportContent): boolean {
  return content.outcome.kind === 'reported' && content.findings.some((finding) => finding.region !== undefined);
}

/**
 * TID 1500 Measurement Report (PS3.16) as Comprehensive 3D SR, the class and root template that IHE AIR demands.
 *
 * With regions as TID 1410 every finding is a measurement group. In the form for OHIF, which crashes on a group without a
 * SCOORD, findings without a region are Qualitative Evaluations (rows 12 to 14): CODE finding = present/absent/undetermined
 * with its probability as a property. TID 4019 stands in the groups only: in Qualitative Evaluations its rows collide with
 * rows 13 and 14, which take a CODE or TEXT of any name.
 */
export function measurementReport(content: ReportContent, regionTemplate: RegionTemplate = '1501'): DataSet {
  const [algorithm] = algorithmsOf(content);
  const inGroup = (finding: ReportedFinding): boolean => regionTemplate === '1410' || finding.region !== undefined;
  const groups = content.findings
    .filter(inGroup)
    .map((finding) =>
      measurementGroup(
        finding,
        algorithmOfFinding(finding, content),
        regionTemplate,
        hasPlace(content) ? wholeImageOf(finding, content) : undefined,
      ),
    );
  const evaluations = content.findings.filter((finding) => !inGroup(finding)).map((finding) => evaluation(finding, content));
  const tree = root(codes.imagingMeasurementReport, '1500', [
    ...languageOfContent(),
    ...deviceObserver(algorithm),
    ...content.procedures.map((procedure) => code('HAS CONCEPT MOD', codes.procedureReported, procedure)),
    ...imageLibrary(content.evidence, content.images),
    ...(groups.length > 0 ? [container('CONTAINS', codes.imagingMeasurements, groups)] : []),
    container('CONTAINS', codes.qualitativeEvaluations, [...evaluations, text('CONTAINS', codes.comment, notice)]),
  ]);
  return documentOf(withEvidence(content), comprehensive3dSr, seriesDescriptionOf(content, 'regions'), unverified(content), tree);
}

/** Equipment and flags of a software's result: UNVERIFIED and PRELIMINARY, because no physician has seen it. */
export function unverified(content: ReportContent): DataSet {
  return { ...equipment(...algorithmsOf(content)), VerificationFlag: 'UNVERIFIED', PreliminaryFlag: 'PRELIMINARY' };
}

/** Evidence holds every image that findings rest on (PS3.3 C.17.2.3). */
export function withEvidence(content: ReportContent): ReportContent {
  const inFindings = content.findings.flatMap((finding) => [...finding.images, ...(finding.region ? [finding.region.image] : [])]);
  return { ...content, evidence: [...content.evidence, ...inFindings] };
}

/** The whole first image of a finding; undefined where its size is not known. */
function wholeImageOf({ images: [image] }: ReportedFinding, { images = [] }: ReportContent): FindingRegion | undefined {
  const uid: string | undefined = image?.sopInstanceUID;
  const dataSet = images.find((one) => textOf(one, 'SOPInstanceUID') === uid) ?? {};
  const [right, bottom] = [numberOf(dataSet, 'Columns'), numberOf(dataSet, 'Rows')];
  return image && right && bottom ? { image, left: 0, top: 0, right, bottom } : undefined;
}

/** Of several algorithms, the one of the finding is a property: in the container its name would collide with rows 13 and 14. */
function evaluation(finding: ReportedFinding, content: ReportContent): ContentItem {
  const { name, version } = algorithmOfFinding(finding, content);
  const sources = finding.images.map((one) => image('INFERRED FROM', codes.sourceOfMeasurement, one));
  return code('CONTAINS', finding.concept, decisionCodes[finding.decision], [
    num('HAS PROPERTIES', codes.probability, probabilityPercent(finding), codes.percent, sources),
    ...(hasSeveralAlgorithms(content)
      ? [text('HAS PROPERTIES', codes.algorithmName, name), text('HAS PROPERTIES', codes.algorithmVersion, version)]
      : []),
  ]);
}
