import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { conceptOf, type DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { childrenNamed, childrenOf, codeNamed, measuredOf, nameOf, textNamed, valueTypeOf } from './content-tree.js';
import { decisionOf } from './decision.js';
import { imagesBelow, readRegion } from './read-references.js';
import type { Decision, DocumentReference, FindingRegion, ImageReference } from './report-content.js';

export interface ReadFinding {
  /** Name of the network output, where the document has it (measurement groups of ours). */
  readonly name?: string;
  readonly concept: CodedConcept;
  /** 0 to 1. */
  readonly probability: number;
  /** Undetermined too where the document does not say. */
  readonly decision: Decision;
  readonly site?: CodedConcept;
  readonly region?: FindingRegion;
  readonly trackingUID?: string;
  readonly images: readonly ImageReference[];
}

/** How sure a document is of a finding goes by several names: CID 6048 and its neighbours. */
const certaintyNames: readonly CodedConcept[] = ['111012', '111011', '111013', '122157'].map((value) => ({ value, scheme: 'DCM', meaning: '' }));

/** Findings of a text report: CODE finding = decision and NUM finding = % side by side in the Findings section. */
export function readTextFindings(document: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  return childrenNamed(document, codes.findings).flatMap((section) =>
    childrenOf(section).flatMap((item): readonly ReadFinding[] => {
      const concept = nameOf(item);
      const probability = probabilityOf(item);
      if (!concept || probability === undefined) return [];
      return [{ concept, probability, decision: decisionOf(codeNamed(section, concept)) ?? 'undetermined', images: imagesBelow(item, evidence) }];
    }),
  );
}

/** Findings of a TID 1500 document, ours or another's: measurement groups (TID 1501, 1410, 1411) and evaluations. */
export function readMeasuredFindings(document: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  const groups = childrenNamed(document, codes.imagingMeasurements).flatMap((section) => childrenNamed(section, codes.measurementGroup));
  const evaluations = childrenNamed(document, codes.qualitativeEvaluations).flatMap(childrenOf);
  return [...groups.flatMap((group) => readGroup(group, evidence)), ...evaluations.flatMap((item) => readEvaluation(item, evidence))];
}

function readGroup(group: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  const concept = codeNamed(group, codes.finding);
  const certainty = childrenNamed(group, ...certaintyNames).find((item) => probabilityOf(item) !== undefined);
  if (!concept || !certainty) return [];
  const scoord = [...childrenOf(certainty), ...childrenOf(group)].find((item) => valueTypeOf(item) === 'SCOORD');
  const region = scoord && readRegion(scoord, evidence);
  const site = codeNamed(group, codes.findingSite);
  const name = /^AI (\S+)$/.exec(textNamed(group, codes.trackingIdentifier) ?? '')?.[1];
  const trackingUID = textNamed(group, codes.trackingUniqueIdentifier);
  return [
    {
      ...(name ? { name } : {}),
      concept,
      probability: probabilityOf(certainty)!,
      decision: decisionIn(group, concept) ?? 'undetermined',
      ...(site ? { site } : {}),
      ...(region ? { region } : {}),
      ...(trackingUID ? { trackingUID } : {}),
      images: region ? [region.image] : [...imagesBelow(certainty, evidence), ...imagesBelow(group, evidence)],
    },
  ];
}

function readEvaluation(item: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  const concept = nameOf(item);
  const certainty = childrenNamed(item, ...certaintyNames).find((child) => probabilityOf(child) !== undefined);
  if (!concept || !certainty) return [];
  const decision = decisionOf(conceptOf(item, 'ConceptCodeSequence')) ?? 'undetermined';
  return [{ concept, probability: probabilityOf(certainty)!, decision, images: imagesBelow(certainty, evidence) }];
}

/** Under the finding's own name, as we write it, or as the only decision in the group, as others may. */
function decisionIn(group: DataSet, concept: CodedConcept): Decision | undefined {
  const decisions = childrenOf(group).map((item) => decisionOf(conceptOf(item, 'ConceptCodeSequence'))).filter((one) => one !== undefined);
  return decisionOf(codeNamed(group, concept)) ?? (decisions.length === 1 ? decisions[0] : undefined);
}

/** A NUM in % or as a ratio, as 0 to 1; undefined for any other item. */
function probabilityOf(item: DataSet): number | undefined {
  if (valueTypeOf(item) !== 'NUM') return undefined;
  const measured = measuredOf(item);
  if (!measured) return undefined;
  const isPercent = sameConcept(measured.unit, codes.percent);
  const isRatio = measured.unit?.scheme === 'UCUM' && /^(1|\{ratio\})$/.test(measured.unit.value);
  return isPercent ? Number((measured.value / 100).toPrecision(12)) : isRatio ? measured.value : undefined;
}
