import type { Destination } from '../routing/rules.js';
import type { Log } from '../log.js';

export interface Delivery {
  readonly resultId: string;
  readonly destination: Destination;
  readonly sopInstanceUIDs: readonly string[];
}

export interface DeliveryPorts {
  /** The PACS's own ids of instances by SOP Instance UID. */
  instanceIdsOf(sopInstanceUIDs: readonly string[]): Promise<readonly string[]>;
  sendToModality(name: string, instanceIds: readonly string[]): Promise<void>;
  sendToPeer(name: string, instanceIds: readonly string[]): Promise<void>;
  delivered(delivery: Delivery): Promise<void>;
  readonly log: Log;
}

/**
 * Has the PACS send the documents of a result on to one destination of its rule.
 *
 * @throws Fault `destination-unavailable` (retried until it takes them) or `destination-unknown`
 */
export async function deliverResult(delivery: Delivery, tools: DeliveryPorts): Promise<void> {
  const ids = await tools.instanceIdsOf(delivery.sopInstanceUIDs);
  // Deleted from the PACS meanwhile: there is nothing left to send, and that is not the destination's fault.
  if (ids.length > 0) {
    if ('modality' in delivery.destination) await tools.sendToModality(delivery.destination.modality, ids);
    else await tools.sendToPeer(delivery.destination.peer, ids);
  }
  await tools.delivered(delivery);
  tools.log.info('documents delivered', {
    result: delivery.resultId,
    destination: destinationName(delivery.destination),
    documents: ids.length,
  });
}

export function destinationName(destination: Destination): string {
  return 'modality' in destination ? destination.modality : destination.peer;
}
