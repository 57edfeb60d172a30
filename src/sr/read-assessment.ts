import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { codes, formerCodes } from './codes.js';
import { childrenNamed, childrenOf, codeNamed, nameOf, textNamed, valueTypeOf } from './content-tree.js';
import { isOwnDocument, isAssessment } from './own-document.js';
import { readStatements } from './read-content.js';
import { imagesBelow, readHierarchical, type DocumentReference, type ImageReference } from './references.js';
import type { Decision } from './report-content.js';
import { momentOf, momentOfDateTime } from './timezone.js';
import type { Comparison } from './assessment-content.js';
import { comparisonCodes } from './assessment-report.js';
import { decisionOf } from './wording.js';

export interface ReadStatement {
  readonly concept: CodedConcept;
  readonly decision: Decision;
  /** Only in assessments of template 99CHESTAI 1. */
  readonly comparison?: Comparison;
  readonly softwareDecision?: Decision;
  readonly images: readonly ImageReference[];
  /** Free text of the reader. */
  readonly comment?: string;
}

/** A reader's statements on a study in one document. Strings that it does not contain are ''. */
export interface ReadAssessment {
  /** `assessment`: template 99CHESTAI 1. `verified-report`: another SR that a person has verified. */
  readonly kind: 'assessment' | 'verified-report';
  /** Name of the account, else the person's name as the document has it. */
  readonly reader: string;
  readonly verified: boolean;
  readonly adjudicates: boolean;
  /** `page`, `api`, `csv`; '' if the document does not state it. */
  readonly origin: string;
  readonly findings: readonly ReadStatement[];
  /** Findings of which the reader withdraws every earlier assessment. */
  readonly withdrawn: readonly CodedConcept[];
  readonly evidence: readonly DocumentReference[];
  readonly predecessors: readonly DocumentReference[];
  readonly createdAt?: Date;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
}

/**
 * Reads a reader's statements: an assessment of template 99CHESTAI 1, verified or not, or any SR that a named person has verified.
 * It never throws, whatever the document contains.
 *
 * @returns undefined for everything else, our own results and those of other software among it
 */
export function readAssessment(document: DataSet): ReadAssessment | undefined {
  if (textOf(document, 'Modality') !== 'SR' || isOwnDocument(document)) return undefined;
  const verifier = verifierOf(document);
  if (isAssessment(document))
    return {
      ...frame(document),
      ...(verifier?.at ? { createdAt: momentOfContent(document) ?? verifier.at } : {}),
      ...readTemplate(document, verifier !== undefined),
    };
  if (!verifier) return undefined;
  const at = verifier.at ?? momentOfContent(document);
  return {
    ...frame(document),
    ...(at ? { createdAt: at } : {}),
    kind: 'verified-report',
    reader: verifier.name,
    verified: true,
    adjudicates: false,
    origin: '',
    findings: readStatements(document),
    withdrawn: [],
  };
}

type Frame = Pick<ReadAssessment, 'evidence' | 'predecessors' | 'createdAt' | 'studyInstanceUID' | 'seriesInstanceUID' | 'sopInstanceUID'>;

function frame(document: DataSet): Frame {
  const createdAt = momentOfContent(document);
  return {
    evidence: readHierarchical(document, 'CurrentRequestedProcedureEvidenceSequence'),
    predecessors: readHierarchical(document, 'PredecessorDocumentsSequence'),
    ...(createdAt ? { createdAt } : {}),
    studyInstanceUID: textOf(document, 'StudyInstanceUID') ?? '',
    seriesInstanceUID: textOf(document, 'SeriesInstanceUID') ?? '',
    sopInstanceUID: textOf(document, 'SOPInstanceUID') ?? '',
  };
}

function readTemplate(document: DataSet, verified: boolean): Omit<ReadAssessment, keyof Frame> {
  const summary = childrenNamed(document, codes.summary)[0] ?? {};
  const evidence = readHierarchical(document, 'CurrentRequestedProcedureEvidenceSequence');
  const person = childrenNamed(document, codes.personObserverName)[0];
  const items = childrenNamed(document, codes.findings)
    .flatMap(childrenOf)
    .filter((item) => valueTypeOf(item) === 'CODE');
  return {
    kind: 'assessment',
    reader:
      textNamed(document, codes.personObserverLoginName) ??
      (person && textOf(person, 'PersonName')?.replace(/\^+$/, '')) ??
      verifierOf(document)?.name ??
      '',
    verified,
    adjudicates: verified && sameConcept(codeNamed(summary, codes.adjudicatesDisagreement, formerCodes.adjudicatesDisagreement), codes.yes),
    origin: textNamed(summary, codes.assessmentSource, formerCodes.assessmentSource) ?? '',
    withdrawn: childrenNamed(summary, codes.withdrawsAssessment).flatMap((item) => conceptOf(item, 'ConceptCodeSequence') ?? []),
    findings: items.flatMap((item): readonly ReadStatement[] => {
      const concept = nameOf(item);
      const decision = decisionOf(conceptOf(item, 'ConceptCodeSequence'));
      if (!concept || !decision) return [];
      const stated = codeNamed(item, codes.comparison, formerCodes.comparison);
      const comparison = (['confirmed', 'rejected', 'corrected', 'added'] as const).find((one) =>
        sameConcept(stated, comparisonCodes[one]),
      );
      const comment = textNamed(item, codes.comment);
      const softwareDecision = decisionOf(codeNamed(item, codes.softwareDecision));
      return [
        {
          concept,
          decision,
          ...(comparison ? { comparison } : {}),
          ...(softwareDecision ? { softwareDecision } : {}),
          images: imagesBelow(item, evidence),
          ...(comment === undefined ? {} : { comment }),
        },
      ];
    }),
  };
}

/** The last verifier of the document; undefined unless both flag and name are present. */
function verifierOf(document: DataSet): { readonly name: string; readonly at: Date | undefined } | undefined {
  if (textOf(document, 'VerificationFlag') !== 'VERIFIED') return undefined;
  const observers = itemsOf(document, 'VerifyingObserverSequence').flatMap((item) => {
    const name = textOf(item, 'VerifyingObserverName')?.replace(/\^+$/, '');
    return name === undefined ? [] : [{ name, at: momentOfDateTime(textOf(item, 'VerificationDateTime') ?? '', document) }];
  });
  return observers.reduce<(typeof observers)[number] | undefined>(
    (last, one) => (last === undefined || (one.at?.getTime() ?? 0) >= (last.at?.getTime() ?? 0) ? one : last),
    undefined,
  );
}

function momentOfContent(document: DataSet): Date | undefined {
  return momentOf(document, 'ContentDate', 'ContentTime');
}
