import type { ResultIndex, StudyResult } from './ports.js';

/** Stores a result in the index as the current one of its study. May be repeated. */
export async function indexResult(
  result: StudyResult,
  { statistics, results }: Pick<ResultIndex, 'statistics' | 'results'>,
): Promise<void> {
  const { timings, destinations: _destinations, code, reason, retryable, rule, statistics: observed, otherFindings = [], ...rest } = result;
  // Before the result: an attempt that finds the result stored has no statistics of it.
  for (const one of observed ?? [])
    await statistics.record({ studyInstanceUID: result.studyInstanceUID, predictedAt: result.createdAt, ...one });
  const before = await results.currentResult(result.studyInstanceUID);
  await results.recordResult({
    ...rest,
    otherFindings,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryable === undefined ? {} : { retryable }),
    ...(rule === undefined ? {} : { rule }),
    ...(before && before.resultId !== result.resultId ? { predecessorResultId: before.resultId } : {}),
    documents: result.documents.map(({ sopInstanceUID, seriesInstanceUID, kind }) => ({ sopInstanceUID, seriesInstanceUID, kind })),
    timingsMs: timings,
  });
}
