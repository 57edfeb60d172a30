import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { conceptOf, type DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { childrenOf, nameOf, valueTypeOf } from './content-tree.js';
import { decisionOf } from './decision.js';
import type { Decision, ImageReference } from './report-content.js';

/** A finding that somebody's document states in codes. */
export interface CodedStatement {
  readonly concept: CodedConcept;
  readonly decision: Decision;
  readonly images: readonly ImageReference[];
}

/** Under these a code names what was found: Finding, Impression, Conclusion, Diagnosis. */
const namesOfFindings: readonly CodedConcept[] = [codes.finding, ...['121073', '121077', '121075'].map((value) => ({ value, scheme: 'DCM', meaning: '' })), { value: '439401001', scheme: 'SCT', meaning: '' }];

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
