import { codes } from './codes.js';
import { boxOn, code, container, image, num, text, uidref, type ContentItem } from './content-item.js';
import type { RegionTemplate } from './document-profile.js';
import type { AlgorithmIdentity, FindingRegion, ReportedFinding } from './report-content.js';
import { algorithmIdentification } from './tid-4019-algorithm-identification.js';
import { decisionCodes, probabilityPercent, thresholdSentence, wholeImageComment } from './wording.js';

/**
 * The measurement group of one finding (PS3.16).
 *
 * - With a region, for OHIF: TID 1501 Measurement and Qualitative Evaluation Group, NUM → INFERRED FROM SCOORD (TID 300,
 *   TID 320). OHIF shows box, label and number of this form together. The SCOORD has no concept name (TID 320 leaves it open),
 *   and each group has a Tracking UID of its own, or OHIF merges them.
 * - With a region, for other readers: TID 1410 Planar ROI Measurements, SCOORD named Image Region beside the number.
 * - Without a region, in a document where another finding has one: TID 1410 with the whole image as its region. PixelMed's
 *   validator takes every group of a document for TID 1410 as soon as one has an Image Region, and misses it in the others.
 * - Without a region otherwise: TID 1501 with its source images (row 10b). OHIF crashes on such a group, so its profile has none.
 *
 * Comment (121106) is the label that OHIF draws beside the box: short, or neighbours overlap, and no more than possible, for
 * an appearance is no diagnosis. The decision under the finding's own name and the comment extend the template.
 *
 * @param algorithm made legal (equipment.ts)
 * @param wholeImage the region of a finding that has none of its own
 */
export function measurementGroup(
  finding: ReportedFinding,
  algorithm: AlgorithmIdentity,
  regionTemplate: RegionTemplate,
  wholeImage?: FindingRegion,
): ContentItem {
  const region = finding.region ?? wholeImage;
  const planar = region !== undefined && regionTemplate === '1410';
  const belowNumber = region !== undefined && !planar ? [boxOn('INFERRED FROM', undefined, region)] : [];
  return container(
    'CONTAINS',
    codes.measurementGroup,
    [
      text('HAS OBS CONTEXT', codes.trackingIdentifier, `AI ${finding.name}`),
      uidref('HAS OBS CONTEXT', codes.trackingUniqueIdentifier, finding.trackingUID),
      code('CONTAINS', codes.finding, finding.concept),
      ...(planar ? [boxOn('CONTAINS', codes.imageRegion, region)] : []),
      ...findingSite(finding),
      ...algorithmIdentification(algorithm, 'HAS CONCEPT MOD', [thresholdSentence(finding)]),
      num('CONTAINS', codes.probability, probabilityPercent(finding), codes.percent, belowNumber),
      code('CONTAINS', finding.concept, decisionCodes[finding.decision]),
      ...(region
        ? [text('CONTAINS', codes.comment, finding.region ? `AI, unverified: possible ${finding.concept.meaning}` : wholeImageComment)]
        : finding.images.map((one) => image('CONTAINS', codes.sourceOfMeasurement, one))),
    ],
    planar ? '1410' : '1501',
  );
}

/** Rows 6 and 7: the site, with the side of the patient where the region lies on one. */
function findingSite({ site, side }: ReportedFinding): readonly ContentItem[] {
  if (!site) return [];
  return [code('HAS CONCEPT MOD', codes.findingSite, site, side ? [code('HAS CONCEPT MOD', codes.laterality, codes[side])] : [])];
}
