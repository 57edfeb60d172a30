import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { conceptOf, textOf, type DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { childrenNamed, childrenOf, codeNamed, measuredOf, nameOf, textNamed, textsNamed, valueTypeOf } from './content-tree.js';
import { imagesBelow, readRegion, type DocumentReference, type FindingRegion, type ImageReference } from './references.js';
import type { Decision, Side } from './report-content.js';
import { decisionOf, wholeImageComment } from './wording.js';

export interface ReadFinding {
  /** Name of the network output, where the document has it (measurement groups of ours). */
  readonly name?: string;
  readonly concept: CodedConcept;
  /** 0 to 1. */
  readonly probability: number;
  /** Undetermined also where the document states no decision. */
  readonly decision: Decision;
  readonly site?: CodedConcept;
  readonly side?: Side;
  readonly region?: FindingRegion;
  readonly trackingUID?: string;
  readonly images: readonly ImageReference[];
  /** Name and version of the algorithm beside it (TID 4019). */
  readonly algorithm?: { readonly name: string; readonly version: string };
}

/** Names of the NUM that tells how probable a finding is: Probability, and Certainty of Finding, Feature, Impression (CID 6048). */
const probabilityNames: readonly CodedConcept[] = ['111012', '111011', '111013', '122157'].map((value) => ({
  value,
  scheme: 'DCM',
  meaning: '',
}));

/**
 * Findings of a text report: CODE finding = decision and its probability side by side in the Findings section. The NUM names
 * its finding by a modifier; in documents of releases before 0.3 the finding is its own name.
 */
export function readTextFindings(document: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  return childrenNamed(document, codes.findings).flatMap((section) => {
    const origin = algorithmIn(section);
    return childrenOf(section).flatMap((item): readonly ReadFinding[] => {
      const concept = codeNamed(item, codes.finding) ?? nameOf(item);
      const probability = probabilityOf(item);
      if (!concept || probability === undefined) return [];
      const decision = decisionOf(codeNamed(section, concept)) ?? 'undetermined';
      return [{ concept, probability, decision, images: imagesBelow(item, evidence), ...origin }];
    });
  });
}

function algorithmIn(item: DataSet): Pick<ReadFinding, 'algorithm'> {
  const [name, version] = [textNamed(item, codes.algorithmName), textNamed(item, codes.algorithmVersion)];
  return name === undefined || version === undefined ? {} : { algorithm: { name, version } };
}

/** Findings of a TID 1500 document, ours or another's: measurement groups (TID 1501, 1410, 1411) and evaluations. */
export function readMeasuredFindings(document: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  const groups = childrenNamed(document, codes.imagingMeasurements).flatMap((section) => childrenNamed(section, codes.measurementGroup));
  const evaluations = childrenNamed(document, codes.qualitativeEvaluations).flatMap(childrenOf);
  return [...groups.flatMap((group) => readGroup(group, evidence)), ...evaluations.flatMap((item) => readEvaluation(item, evidence))];
}

function readGroup(group: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  const concept = codeNamed(group, codes.finding);
  const certainty = childrenNamed(group, ...probabilityNames).find((item) => probabilityOf(item) !== undefined);
  if (!concept || !certainty) return [];
  const scoord = [...childrenOf(certainty), ...childrenOf(group)].find((item) => valueTypeOf(item) === 'SCOORD');
  const read = scoord && readRegion(scoord, evidence);
  const region = textsNamed(group, codes.comment).includes(wholeImageComment) ? undefined : read;
  const site = codeNamed(group, codes.findingSite);
  const side = sideIn(childrenNamed(group, codes.findingSite)[0] ?? {});
  const name = /^AI (\S+)$/.exec(textNamed(group, codes.trackingIdentifier) ?? '')?.[1];
  const trackingUID = textNamed(group, codes.trackingUniqueIdentifier);
  return [
    {
      ...(name ? { name } : {}),
      concept,
      probability: probabilityOf(certainty)!,
      decision: decisionIn(group, concept) ?? 'undetermined',
      ...(site ? { site } : {}),
      ...(side ? { side } : {}),
      ...(region ? { region } : {}),
      ...(trackingUID ? { trackingUID } : {}),
      images: read ? [read.image] : [...imagesBelow(certainty, evidence), ...imagesBelow(group, evidence)],
      ...algorithmIn(group),
    },
  ];
}

function readEvaluation(item: DataSet, evidence: readonly DocumentReference[]): readonly ReadFinding[] {
  const concept = nameOf(item);
  const certainty = childrenNamed(item, ...probabilityNames).find((child) => probabilityOf(child) !== undefined);
  if (!concept || !certainty) return [];
  const decision = decisionOf(conceptOf(item, 'ConceptCodeSequence')) ?? 'undetermined';
  return [{ concept, probability: probabilityOf(certainty)!, decision, images: imagesBelow(certainty, evidence), ...algorithmIn(item) }];
}

function sideIn(site: DataSet): Side | undefined {
  const laterality = codeNamed(site, codes.laterality);
  return (['left', 'right'] as const).find((side) => sameConcept(laterality, codes[side]));
}

/** Under the finding's own name, as we write it, or as the only decision in the group, as others may. */
function decisionIn(group: DataSet, concept: CodedConcept): Decision | undefined {
  const decisions = childrenOf(group)
    .map((item) => decisionOf(conceptOf(item, 'ConceptCodeSequence')))
    .filter((one) => one !== undefined);
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

/** A finding that somebody's document states in codes. */
export interface CodedStatement {
  readonly concept: CodedConcept;
  readonly decision: Decision;
  readonly images: readonly ImageReference[];
}

/** Under these a code names what was found: Finding, Impression, Conclusion, Diagnosis. */
const namesOfFindings: readonly CodedConcept[] = [
  codes.finding,
  ...['121073', '121077', '121075'].map((value) => ({ value, scheme: 'DCM', meaning: '' })),
  { value: '439401001', scheme: 'SCT', meaning: '' },
];

/** What stands below these is not about these images now: history, earlier procedures, request, indications. */
const elsewhere: readonly CodedConcept[] = [
  ...['11329-0', '55114-3', '55115-0', '18785-6', '55109-5'].map((value) => ({ value, scheme: 'LN', meaning: '' })),
  ...['121060', '121062', '121109', '121066'].map((value) => ({ value, scheme: 'DCM', meaning: '' })),
];

/**
 * Findings that a document of anybody's states in codes, anywhere in its tree: CODE finding = present/absent/undetermined, or
 * CODE Finding (Impression, Conclusion) = finding, which says present unless a decision beside it in the same container says
 * otherwise. What a document says in two ways that contradict each other is left out; free text is never interpreted.
 */
export function readStatements(document: DataSet): readonly CodedStatement[] {
  const statements = [...statementsIn(document)];
  const distinct = statements.filter((one, index) => statements.findIndex((other) => sameConcept(other.concept, one.concept)) === index);
  return distinct.filter((one) => statements.every((other) => !sameConcept(other.concept, one.concept) || other.decision === one.decision));
}

function* statementsIn(parent: DataSet): Generator<CodedStatement> {
  const children = childrenOf(parent);
  const decisions = children.map((child) => decisionOf(conceptOf(child, 'ConceptCodeSequence'))).filter((one) => one !== undefined);
  // A group speaks of one finding only, so its one decision is that finding's, under whatever name.
  const onlyDecision = sameConcept(nameOf(parent), codes.measurementGroup) && decisions.length === 1 ? decisions[0] : undefined;
  for (const child of children) {
    const name = nameOf(child);
    if (elsewhere.some((one) => sameConcept(one, name))) continue;
    // A modifier of a number says what the number is about, not that it is there.
    if (valueTypeOf(parent) === 'NUM' && textOf(child, 'RelationshipType') === 'HAS CONCEPT MOD') continue;
    const value = valueTypeOf(child) === 'CODE' ? conceptOf(child, 'ConceptCodeSequence') : undefined;
    const decision = decisionOf(value);
    if (name && decision) yield { concept: name, decision, images: [] };
    else if (value && namesOfFindings.some((one) => sameConcept(one, name))) {
      yield { concept: value, decision: decisionBeside(children, value) ?? onlyDecision ?? 'present', images: [] };
    }
    yield* statementsIn(child);
  }
}

/** A decision under the finding's own name, as we write it. */
function decisionBeside(children: readonly DataSet[], concept: CodedConcept): Decision | undefined {
  const own = children.find((child) => sameConcept(nameOf(child), concept));
  return own && decisionOf(conceptOf(own, 'ConceptCodeSequence'));
}
