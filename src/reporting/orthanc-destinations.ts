import type { StorageCommitmentSettings } from '../config.js';
import type { SOPInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Destinations, SendOutcome } from './ports.js';

/**
 * Orthanc's modalities (C-STORE) and peers, which receive what Orthanc contains. A modality is asked for storage commitment as the
 * settings say.
 */
export function orthancDestinations(
  orthanc: Pick<OrthancClient, 'instanceIdsOf' | 'sendToModality' | 'sendToPeer' | 'commitStorage'>,
  settings: StorageCommitmentSettings,
): Destinations {
  return {
    instanceIdsOf: (uids) => orthanc.instanceIdsOf(uids as readonly SOPInstanceUID[]),
    sendTo: {
      async modality(name, ids, signal) {
        await orthanc.sendToModality(name, ids as readonly OrthancId[]);
        return commit(name, ids as readonly OrthancId[], orthanc, settings, signal);
      },
      async peer(name, ids) {
        await orthanc.sendToPeer(name, ids as readonly OrthancId[]);
        return 'stored';
      },
    },
  };
}

/** @throws Fault `destination-unavailable` if the modality does not answer for all of them, or does not offer to although it is required */
async function commit(
  name: string,
  ids: readonly OrthancId[],
  orthanc: Pick<OrthancClient, 'commitStorage'>,
  { storageCommitment, storageCommitmentTimeoutMs: timeoutMs }: StorageCommitmentSettings,
  signal: AbortSignal | undefined,
): Promise<SendOutcome> {
  if (storageCommitment === 'off' || ids.length === 0) return 'stored';
  const answer = await orthanc.commitStorage(name, ids, { timeoutMs, signal });
  if (answer === 'committed') return 'storage-committed';
  if (storageCommitment === 'if-offered') return 'stored';
  throw new Fault(
    'destination-unavailable',
    `modality ${name}: expected storage commitment, which the settings require, found that it is not offered`,
  );
}
