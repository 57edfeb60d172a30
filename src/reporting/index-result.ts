import type { Jobs } from '../jobs/jobs.js';
import type { Store } from '../store/store.js';
import { destinationName } from './deliver-result.js';
import type { StudyResult } from './ports.js';
import { deliverQueue } from './queues.js';

/**
 * Puts a result into the index as its study's current one and queues its deliveries. Each step may be repeated; the
 * study counts as settled only after the last.
 */
export async function indexResult(result: StudyResult, contentKey: string, store: Store, jobs: Jobs): Promise<void> {
  const { timings, destinations, code, reason, retryable, rule, statistics, ...rest } = result;
  // Before the result: whoever finds a result already there has no statistics of it.
  if (statistics) {
    const decisions = Object.fromEntries(result.findings.map(({ name, decision }) => [name, decision]));
    await store.statistics.record({
      studyInstanceUID: result.studyInstanceUID,
      modelVersion: result.modelVersion,
      predictedAt: result.createdAt,
      ...statistics,
      decisions,
    });
  }
  const before = await store.results.currentResult(result.studyInstanceUID);
  await store.results.recordResult({
    ...rest,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryable === undefined ? {} : { retryable }),
    ...(rule === undefined ? {} : { rule }),
    ...(before && before.resultId !== result.resultId ? { predecessorResultId: before.resultId } : {}),
    documents: result.documents.map(({ sopInstanceUID, seriesInstanceUID, kind }) => ({ sopInstanceUID, seriesInstanceUID, kind })),
    timingsMs: timings,
  });
  if (result.documents.length > 0) await planDeliveries(result, store, jobs);
  await store.studies.setDone(result.studyInstanceUID, contentKey);
}

async function planDeliveries({ resultId, destinations, documents }: StudyResult, store: Store, jobs: Jobs): Promise<void> {
  await store.deliveries.plan(
    resultId,
    destinations.map((one) => ({ destination: destinationName(one), kind: 'modality' in one ? 'modality' : 'peer' })),
  );
  const delivered = new Set(
    (await store.deliveries.ofResult(resultId)).filter((one) => one.state === 'delivered').map((one) => one.destination),
  );
  const sopInstanceUIDs = documents.map((one) => one.sopInstanceUID);
  for (const destination of destinations) {
    if (delivered.has(destinationName(destination))) continue;
    await jobs.send(deliverQueue, { resultId, destination, sopInstanceUIDs }, { key: `${resultId}/${destinationName(destination)}` });
  }
}
