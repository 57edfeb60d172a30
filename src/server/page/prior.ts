import type { DataSet } from '../../dicom/data-set.js';
import { compareWithPrior } from '../../reporting/compare-with-prior.js';
import { priorIfFound } from '../../reporting/prior-result.js';
import type { FindPrior } from '../../reporting/ports.js';
import type { ResultRow } from '../../store/results.js';
import type { ShownPrior } from '../page-types.js';

/**
 * The prior result as index and PACS contain it now; the documents of a result state the one of the time when they were written.
 *
 * @param image of the study
 */
export async function priorOfPage(
  current: ResultRow | undefined,
  image: DataSet | undefined,
  findPrior: FindPrior | undefined,
): Promise<ShownPrior | undefined> {
  if (!findPrior || !image || current?.outcome !== 'reported') return undefined;
  const conceptOf = ({ code, scheme, meaning }: ResultRow['findings'][number]) => ({ value: code, scheme, meaning });
  const prior = await priorIfFound(findPrior, [image]);
  const findings = current.findings.map((one) => ({ concept: conceptOf(one), decision: one.decision }));
  const comparison = compareWithPrior(findings, current.modelVersion ?? '', prior);
  return (
    comparison && {
      studyInstanceUID: comparison.studyInstanceUID,
      studyDate: comparison.studyDate,
      isOtherModel: comparison.isOtherModel,
      findings: comparison.findings.map(({ concept, change, before }) => ({
        name: current.findings.find((one) => one.code === concept.value && one.scheme === concept.scheme)!.name,
        change,
        ...before,
      })),
    }
  );
}
