import { Fault } from '../errors.js';
import { destinationKind, destinationName } from '../routing/rules.js';
import type { Log } from '../log.js';
import type { Deliveries, Delivery, Destinations, StudyResult } from './ports.js';

/** Records where a result has to go. @returns what was not delivered yet */
export async function planDeliveries(
  { resultId, destinations, documents }: StudyResult,
  deliveries: Pick<Deliveries, 'plan' | 'ofResult'>,
): Promise<readonly Delivery[]> {
  if (documents.length === 0) return [];
  await deliveries.plan(
    resultId,
    destinations.map((one) => ({ destination: destinationName(one), kind: destinationKind(one) })),
  );
  const rows = await deliveries.ofResult(resultId);
  const delivered = new Set(rows.filter((one) => one.state === 'delivered').map((one) => one.destination));
  const sopInstanceUIDs = documents.map((one) => one.sopInstanceUID);
  return destinations
    .filter((one) => !delivered.has(destinationName(one)))
    .map((destination) => ({ resultId, destination, sopInstanceUIDs }));
}

/**
 * Makes the PACS send the documents of a result to one destination of its rule; one that was delivered is not sent again.
 *
 * @throws Fault `destination-unavailable` (retried until the destination accepts them) or `destination-unknown`
 */
export async function deliverResult(delivery: Delivery, destinations: Destinations, deliveries: Deliveries, log: Log): Promise<void> {
  const { resultId, destination, sopInstanceUIDs } = delivery;
  const name = destinationName(destination);
  const row = (await deliveries.ofResult(resultId)).find((one) => one.destination === name);
  // There is no row if the study was deleted meanwhile.
  if (row === undefined || row.state === 'delivered') return;
  try {
    const ids = await destinations.instanceIdsOf(sopInstanceUIDs);
    // Documents that were deleted from the PACS meanwhile are not sent; that is not a fault of the destination.
    if (ids.length > 0) await destinations.sendTo[destinationKind(destination)](name, ids);
    await deliveries.delivered(resultId, name);
    log.info('documents delivered', { result: resultId, destination: name, documents: ids.length });
  } catch (error) {
    if (error instanceof Fault) await deliveries.failed(resultId, name, error.code);
    throw error;
  }
}
