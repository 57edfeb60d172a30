import type { DataSet } from '../dicom/data-set.js';
import { codes, ownScheme } from './codes.js';
import { code, container, image, root, text, type ContentItem } from './content-item.js';
import { comprehensiveSr, documentOf } from './document-header.js';
import { assessmentEquipment, verification } from './equipment.js';
import { personObserver } from './tid-1001-observation-context.js';
import { languageOfContent } from './tid-1204-language.js';
import type { AssessedFinding, Comparison, AssessmentContent } from './assessment-content.js';
import { decisionCodes, percentOf } from './wording.js';

/** The notice in every reader's assessment: it must not be taken for the radiologist's report. */
const assessmentNotice = "A reader's assessment on what software has proposed. Not a radiology report, not for diagnosis.";

/** Template of our own, 99CHESTAI 1 (docs/reference/documents.md): no template of PS3.16 has a reader's assessment of a software's findings. */
const assessmentTemplate = '1';

/** PS3.5 Table 6.2-1, LO. */
const maxSeriesDescription = 64;

/**
 * A reader's assessment as Comprehensive SR, in sections as the text report that it is about: flat and with a name for every
 * item, so that OHIF shows it as a report. Its title is a code of our own, for it is no report of CID 7000, and so it claims
 * no template of PS3.16 but a private one.
 *
 * Findings are CODE finding = present/absent/undetermined, with the comparison, the software's decision, and the images
 * below each. It names the documents that it is about and the assessments that it replaces as predecessors. A withdrawal is such a
 * document, too: it names the findings of which earlier assessments of the reader no longer count, and states no decision on them.
 */
export function assessmentReport(content: AssessmentContent): DataSet {
  const tree = root(
    codes.assessment,
    assessmentTemplate,
    [
      ...languageOfContent(),
      ...personObserver(content.reader.name),
      container('CONTAINS', codes.summary, [
        text('CONTAINS', codes.comment, assessmentNotice),
        ...content.findings.map((finding) => text('CONTAINS', codes.conclusion, sentenceOf(finding))),
        ...content.withdrawn.map(({ meaning }) => text('CONTAINS', codes.conclusion, `${meaning}: assessment withdrawn.`)),
        ...content.predecessors.map((one) => text('CONTAINS', codes.comment, `Follows ${one.sopInstanceUID}`)),
        text('CONTAINS', codes.assessmentSource, content.origin),
        ...(content.adjudicates ? [code('CONTAINS', codes.adjudicatesDisagreement, codes.yes)] : []),
        ...content.withdrawn.map((concept) => code('CONTAINS', codes.withdrawsAssessment, concept)),
      ]),
      ...(content.findings.length > 0 ? [container('CONTAINS', codes.findings, content.findings.map(findingItem))] : []),
    ],
    ownScheme,
  );
  return documentOf(
    { ...content, evidence: [...content.evidence, ...content.findings.flatMap((finding) => finding.images)] },
    comprehensiveSr,
    seriesDescriptionOf(content),
    { ...assessmentEquipment(content.softwareVersion), ...verification(content.reader, content) },
    tree,
  );
}

/** "Assessment: Pneumonia absent": what a viewer lists. Only as many findings as fit into the 64 characters of LO. */
function seriesDescriptionOf({ findings, withdrawn, adjudicates }: AssessmentContent): string {
  const [title, ...parts] =
    withdrawn.length > 0
      ? ['Assessment withdrawn', ...withdrawn.map(({ meaning }) => meaning)]
      : [adjudicates ? 'Adjudication' : 'Assessment', ...findings.map(({ concept, decision }) => `${concept.meaning} ${decision}`)];
  for (let shown = parts.length; shown > 0; shown--) {
    const others = parts.length - shown;
    const description = `${title}: ${parts.slice(0, shown).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
    if (description.length <= maxSeriesDescription) return description;
  }
  return `${title}: ${parts.length} ${parts.length === 1 ? 'finding' : 'findings'}`;
}

function findingItem({ concept, decision, comparison, software, images, comment }: AssessedFinding): ContentItem {
  return code('CONTAINS', concept, decisionCodes[decision], [
    code('HAS PROPERTIES', codes.comparison, comparisonCodes[comparison]),
    ...(software ? [code('HAS PROPERTIES', codes.softwareDecision, decisionCodes[software.decision])] : []),
    ...(comment === undefined ? [] : [text('HAS PROPERTIES', codes.comment, comment)]),
    ...images.map((one) => image('INFERRED FROM', codes.sourceOfMeasurement, one)),
  ]);
}

export const comparisonCodes = {
  confirmed: codes.confirmed,
  rejected: codes.rejected,
  corrected: codes.corrected,
  added: codes.added,
} as const satisfies Record<Comparison, unknown>;

/** "Pneumonia: absent. Rejects the software's finding (present, 93.4 %)." */
function sentenceOf({ concept, decision, comparison, software, comment }: AssessedFinding): string {
  const prediction = software ? ` (${software.decision}, ${percentOf(software.probability)} %)` : '';
  const words = {
    confirmed: `Confirms the software${prediction}`,
    rejected: `Rejects the software's finding${prediction}`,
    corrected: `Corrects the software${prediction}`,
    added: 'Not looked for by the software',
  } as const;
  return `${concept.meaning}: ${decision}. ${words[comparison]}.${comment === undefined ? '' : ` Comment: ${comment}`}`;
}
