import { derivedUid } from '../dicom/uid.js';
import { codes } from './codes.js';
import { boxOn, code, container, num, text, uidref, type ContentItem } from './content-item.js';
import { decisionCodes } from './decision.js';
import type { AlgorithmIdentity, FindingRegion, ReportedFinding } from './report-content.js';
import { certaintyOf, thresholdSentence } from './sentences.js';
import { algorithmIdentification } from './tid-4019-algorithm-identification.js';

/**
 * TID 1501 Measurement and Qualitative Evaluation Group (PS3.16) of one finding with a place.
 *
 * TID 1501 with NUM → INFERRED FROM SCOORD (TID 300, TID 320) rather than TID 1410 with the region beside the number:
 * both are valid, and of this form OHIF shows box, label and number together. The SCOORD has no concept name (TID 320
 * leaves it open), and each group has a Tracking UID of its own, or OHIF merges them. Comment (121106) is the label that
 * OHIF draws beside the box: short, or neighbours overlap, and no more than possible, for an appearance is no diagnosis.
 *
 * @param algorithm made legal (algorithm.ts)
 * @param documentUID SOP Instance UID; the Tracking UID is derived from it and the finding's name
 */
export function measurementGroup(finding: ReportedFinding, region: FindingRegion, algorithm: AlgorithmIdentity, documentUID: string): ContentItem {
  return container(
    'CONTAINS',
    codes.measurementGroup,
    [
      text('HAS OBS CONTEXT', codes.trackingIdentifier, `AI ${finding.name}`),
      uidref('HAS OBS CONTEXT', codes.trackingUniqueIdentifier, derivedUid('tracking', documentUID, finding.name)),
      code('CONTAINS', codes.finding, finding.concept),
      ...algorithmIdentification(algorithm, 'HAS CONCEPT MOD', [thresholdSentence(finding)]),
      ...(finding.site ? [code('HAS CONCEPT MOD', codes.findingSite, finding.site)] : []),
      num('CONTAINS', codes.certaintyOfFinding, certaintyOf(finding), codes.percent, [boxOn('INFERRED FROM', region)]),
      code('CONTAINS', finding.concept, decisionCodes[finding.decision]),
      text('CONTAINS', codes.comment, `AI, unverified: possible ${finding.concept.meaning}`),
    ],
    '1501',
  );
}
