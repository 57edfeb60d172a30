import type { CodedConcept } from '../dicom/code.js';
import type { ReadAssessment } from '../sr/read-assessment.js';
import type { DocumentReference } from '../sr/report-content.js';

/** An assessment in the index: UIDs, codes, times, and the name of the reader. */
export interface IndexedAssessment {
  readonly sopInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly studyInstanceUID: string;
  readonly kind: ReadAssessment['kind'];
  readonly reader: string;
  readonly verified: boolean;
  readonly adjudicates: boolean;
  readonly origin: string;
  readonly givenAt: Date | null;
  readonly findings: readonly IndexedStatement[];
  /** Findings of which the reader withdraws every earlier assessment. */
  readonly withdrawn: readonly Pick<IndexedStatement, 'name' | 'code' | 'scheme' | 'meaning'>[];
  readonly predecessors: readonly string[];
}

/** What an assessment states about one finding. */
export interface IndexedStatement {
  /** Name in config/findings.json. */
  readonly name?: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  readonly decision: ReadAssessment['findings'][number]['decision'];
  readonly comparison?: NonNullable<ReadAssessment['findings'][number]['comparison']>;
  readonly softwareDecision?: NonNullable<ReadAssessment['findings'][number]['softwareDecision']>;
}

/** @returns undefined for a verified document that contains none of the configured findings, and for one without a reader */
export function indexedAssessment(
  reference: DocumentReference,
  assessment: ReadAssessment,
  findingNameOf: (concept: CodedConcept) => string | undefined,
): IndexedAssessment | undefined {
  const findings = assessment.findings.flatMap(({ concept, decision, comparison, softwareDecision }): readonly IndexedStatement[] => {
    const name = findingNameOf(concept);
    if (name === undefined && assessment.kind === 'verified-report') return [];
    const { value: code, scheme, meaning } = concept;
    return [
      {
        ...(name === undefined ? {} : { name }),
        code,
        scheme,
        meaning,
        decision,
        ...(comparison ? { comparison } : {}),
        ...(softwareDecision ? { softwareDecision } : {}),
      },
    ];
  });
  const withdrawn = assessment.withdrawn.map((concept): IndexedAssessment['withdrawn'][number] => {
    const name = findingNameOf(concept);
    const { value: code, scheme, meaning } = concept;
    return { ...(name === undefined ? {} : { name }), code, scheme, meaning };
  });
  if (findings.length + withdrawn.length === 0 || assessment.reader === '') return undefined;
  const { kind, reader, verified, adjudicates, origin, createdAt } = assessment;
  const { sopInstanceUID, seriesInstanceUID, studyInstanceUID } = reference;
  return {
    sopInstanceUID,
    seriesInstanceUID,
    studyInstanceUID,
    kind,
    reader,
    verified,
    adjudicates,
    origin,
    givenAt: createdAt ?? null,
    findings,
    withdrawn,
    predecessors: assessment.predecessors.map((one) => one.sopInstanceUID),
  };
}
