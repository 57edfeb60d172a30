import type { ResultIndex, StudyResult } from './ports.js';

/** Stores a result in the index as the current one of its study. May be repeated. */
export async function indexResult(
  result: StudyResult,
  { statistics, results }: Pick<ResultIndex, 'statistics' | 'results'>,
): Promise<void> {
  const { timings, destinations: _destinations, code, reason, retryable, rule, statistics: observed, ...rest } = result;
  // Before the result: an attempt that finds the result stored has no statistics of it.
  if (observed) {
    const decisions = Object.fromEntries(result.findings.map(({ name, decision }) => [name, decision]));
    await statistics.record({
      studyInstanceUID: result.studyInstanceUID,
      modelVersion: result.modelVersion,
      predictedAt: result.createdAt,
      ...observed,
      decisions,
    });
  }
  const before = await results.currentResult(result.studyInstanceUID);
  await results.recordResult({
    ...rest,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryable === undefined ? {} : { retryable }),
    ...(rule === undefined ? {} : { rule }),
    ...(before && before.resultId !== result.resultId ? { predecessorResultId: before.resultId } : {}),
    documents: result.documents.map(({ sopInstanceUID, seriesInstanceUID, kind }) => ({ sopInstanceUID, seriesInstanceUID, kind })),
    timingsMs: timings,
  });
}
