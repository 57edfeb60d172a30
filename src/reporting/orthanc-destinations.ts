import type { SOPInstanceUID } from '../dicom/uid.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Destinations } from './ports.js';

/** Orthanc's modalities (C-STORE) and peers, which receive what Orthanc contains. */
export function orthancDestinations(orthanc: Pick<OrthancClient, 'instanceIdsOf' | 'sendToModality' | 'sendToPeer'>): Destinations {
  return {
    instanceIdsOf: (uids) => orthanc.instanceIdsOf(uids as readonly SOPInstanceUID[]),
    sendTo: {
      modality: (name, ids) => orthanc.sendToModality(name, ids as readonly OrthancId[]),
      peer: (name, ids) => orthanc.sendToPeer(name, ids as readonly OrthancId[]),
    },
  };
}
