import type { SOPInstanceUID } from '../dicom/uid.js';
import type { OrthancClient } from '../orthanc/client.js';

/** Whether a document in the PACS came from a system whose signatures are accepted. */
export type AcceptsDocument = (sopInstanceUID: string) => Promise<boolean>;

const http = 'http';

/**
 * By the accepted systems (accepted-systems.ts). Anybody can write a reader's name into a document, so what counts is how Orthanc received it: the AE title
 * of the sender for C-STORE, else `http` (Orthanc's origins RestApi and Plugins: STOW-RS and its REST API). Orthanc itself checks which
 * sender may use which AE title (DicomCheckModalityHost).
 */
export function acceptsDocumentsOf(
  acceptFrom: readonly string[],
  orthanc: Pick<OrthancClient, 'instanceIdsOf' | 'arrivalOf'>,
): AcceptsDocument {
  if (acceptFrom.includes('*')) return async () => true;
  return async (sopInstanceUID) => {
    const arrivals = await Promise.all(
      (await orthanc.instanceIdsOf([sopInstanceUID as SOPInstanceUID])).map((id) => orthanc.arrivalOf(id)),
    );
    // A C-STORE sender with the AE title `http` does not count as STOW-RS.
    const isAccepted = arrivals.map(({ origin, remoteAet }) =>
      origin === 'DicomProtocol'
        ? remoteAet !== undefined && remoteAet !== http && acceptFrom.includes(remoteAet)
        : acceptFrom.includes(http) && (origin === 'RestApi' || origin === 'Plugins'),
    );
    return isAccepted.length > 0 && isAccepted.every(Boolean);
  };
}
