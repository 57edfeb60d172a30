import { legalIdentity } from './equipment.js';
import type { AlgorithmIdentity, ReportContent, ReportedFinding } from './report-content.js';

type Algorithms = Pick<ReportContent, 'algorithm' | 'otherAlgorithms'>;

/** The algorithms of a report made legal (equipment.ts), by falling precedence. */
export function algorithmsOf({ algorithm, otherAlgorithms = [] }: Algorithms): readonly [AlgorithmIdentity, ...AlgorithmIdentity[]] {
  return [legalIdentity(algorithm), ...otherAlgorithms.map(legalIdentity)];
}

/** Whether a report has to say which of its algorithms each statement comes from. */
export function hasSeveralAlgorithms({ otherAlgorithms = [] }: Pick<ReportContent, 'otherAlgorithms'>): boolean {
  return otherAlgorithms.length > 0;
}

/** The algorithm of a finding, made legal. */
export function algorithmOfFinding({ deviceUID }: Pick<ReportedFinding, 'deviceUID'>, content: Algorithms): AlgorithmIdentity {
  const all = algorithmsOf(content);
  return all.find((one) => one.deviceUID === deviceUID) ?? all[0];
}

/** Each algorithm with the findings that it reports, by falling precedence. */
export function findingsByAlgorithm(
  content: Algorithms & Pick<ReportContent, 'findings'>,
): readonly { readonly algorithm: AlgorithmIdentity; readonly findings: readonly ReportedFinding[] }[] {
  return algorithmsOf(content).map((algorithm) => ({
    algorithm,
    findings: content.findings.filter((finding) => algorithmOfFinding(finding, content).deviceUID === algorithm.deviceUID),
  }));
}
