import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { code, container, image, num, root, text, type ContentItem } from './content-item.js';
import { comprehensiveSr, documentOf } from './document-header.js';
import { algorithmsOf, findingsByAlgorithm, hasSeveralAlgorithms } from './algorithms.js';
import { unverified, withEvidence } from './measurement-report.js';
import type { AlgorithmIdentity, ImageReference, ReportContent, ReportedFinding, ReportOutcome } from './report-content.js';
import { previousFindings } from './previous-findings.js';
import { deviceObserver } from './tid-1001-observation-context.js';
import { languageOfContent } from './tid-1204-language.js';
import { algorithmIdentification } from './tid-4019-algorithm-identification.js';
import {
  byImportance,
  conclusionsOf,
  decisionCodes,
  notice,
  probabilityPercent,
  seriesDescriptionOf,
  thresholdSentence,
} from './wording.js';

/**
 * TID 2000 Basic Diagnostic Imaging Report (PS3.16) as Comprehensive SR: written for every study, also one that was
 * skipped or failed. Sections Summary, Findings, Current Procedure Descriptions (CID 7001).
 *
 * OHIF renders it as a tree of "name: value" lines and crashes on an item without a concept name, so the sections are
 * flat, every item has a name, and images hang below NUM and TEXT, where OHIF does not look.
 *
 * If several models analysed the study, each has a Findings section of its own, which names it, and its own Current Procedure
 * Descriptions with TID 4019. Their order is the precedence: of two decisions on one finding the first counts.
 */
export function textReport(content: ReportContent): DataSet {
  const [algorithm] = algorithmsOf(content);
  const tree = root(codes.diagnosticImagingReport, '2000', [
    ...content.procedures.map((procedure) => code('HAS CONCEPT MOD', codes.procedureReported, procedure)),
    ...languageOfContent(),
    ...deviceObserver(algorithm),
    container('CONTAINS', codes.summary, [
      text('CONTAINS', codes.comment, notice),
      code('CONTAINS', codes.summaryOfDetections, outcomeCodes[content.outcome.kind]),
      ...conclusionsOf(content).map((sentence) => text('CONTAINS', codes.conclusion, sentence)),
      ...(content.remarks ?? []).map((sentence) => text('CONTAINS', codes.comment, sentence)),
      ...content.predecessors.map((one) => text('CONTAINS', codes.comment, `Replaces the earlier result ${one.sopInstanceUID}`)),
    ]),
    ...findingsByAlgorithm(content).flatMap(({ algorithm: own, findings }) =>
      findingsSection(findings, hasSeveralAlgorithms(content) ? own : undefined),
    ),
    ...previousFindings(content.prior, content.findings),
    ...findingsByAlgorithm(content).map(({ algorithm: own, findings }, index) =>
      container('CONTAINS', codes.currentProcedureDescriptions, [
        ...algorithmIdentification(own, 'CONTAINS', findings.map(thresholdSentence)),
        ...(index === 0 ? imagesAnalysed(content) : []),
      ]),
    ),
  ]);
  return documentOf(withEvidence(content), comprehensiveSr, seriesDescriptionOf(content, 'text'), unverified(content), tree);
}

const outcomeCodes = {
  reported: codes.succeeded,
  skipped: codes.notAttempted,
  failed: codes.failed,
} as const satisfies Record<ReportOutcome['kind'], CodedConcept>;

/**
 * Every finding, also the absent ones, what matters most first: CODE finding = present/absent/undetermined, and its
 * probability beside it, because OHIF shows no nested items. A modifier names the finding that the probability is of.
 *
 * @param algorithm named at the beginning, where several report
 */
function findingsSection(findings: readonly ReportedFinding[], algorithm?: AlgorithmIdentity): readonly ContentItem[] {
  if (findings.length === 0) return [];
  const origin = algorithm
    ? [text('CONTAINS', codes.algorithmName, algorithm.name), text('CONTAINS', codes.algorithmVersion, algorithm.version)]
    : [];
  const items = byImportance(findings).flatMap((finding) => [
    code('CONTAINS', finding.concept, decisionCodes[finding.decision]),
    num('CONTAINS', codes.probability, probabilityPercent(finding), codes.percent, [
      code('HAS CONCEPT MOD', codes.finding, finding.concept),
      ...sources(finding.images),
    ]),
  ]);
  return [container('CONTAINS', codes.findings, [...origin, ...items])];
}

function imagesAnalysed(content: ReportContent): readonly ContentItem[] {
  if (content.outcome.kind !== 'reported' || content.evidence.length === 0) return [];
  const count = content.evidence.length === 1 ? '1 image' : `${content.evidence.length} images`;
  return [text('CONTAINS', codes.procedureDescription, `Analysed: ${count}`, sources(content.evidence))];
}

function sources(images: readonly ImageReference[]): readonly ContentItem[] {
  return images.map((one) => image('INFERRED FROM', codes.sourceOfMeasurement, one));
}
