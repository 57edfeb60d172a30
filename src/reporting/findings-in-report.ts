import type { CodedConcept } from '../dicom/code.js';
import { sameConcept } from '../dicom/code.js';
import type { ReadFinding, ReadReport } from '../sr/read-report.js';
import { modelVersionOf } from './own-documents.js';
import type { ResultFinding, StudyResult } from './ports.js';

/**
 * The findings that a text report states, as the index stores them. Its sections stand by falling precedence of their models: of two
 * decisions on one finding the first counts, and the other is stored beside it.
 *
 * @param findingNameOf by config/findings.json
 */
export function findingsIn(
  report: ReadReport,
  findingNameOf: (concept: CodedConcept) => string | undefined,
): Pick<StudyResult, 'findings' | 'otherFindings'> {
  const isFirst = (finding: ReadFinding, index: number): boolean =>
    report.findings.findIndex(({ concept }) => sameConcept(concept, finding.concept)) === index;
  const indexed = (finding: ReadFinding): ResultFinding => {
    const { concept, probability, decision } = finding;
    const { value: code, scheme, meaning } = concept;
    return {
      name: findingNameOf(concept) ?? meaning,
      code,
      scheme,
      meaning,
      probability,
      decision,
      modelVersion: modelVersionOf(finding, report),
    };
  };
  const others = report.findings.filter((one, index) => !isFirst(one, index)).map(indexed);
  return { findings: report.findings.filter(isFirst).map(indexed), ...(others.length > 0 ? { otherFindings: others } : {}) };
}
