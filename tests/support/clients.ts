import { DicomWeb } from '../../src/dicomweb/client.js';
import { OrthancClient } from '../../src/orthanc/client.js';
import type { RunningOrthanc } from '../../src/orthanc/private-orthanc.js';

export interface Clients {
  readonly endpoint: { readonly url: string; readonly username: string; readonly password: string; readonly timeoutMs: number };
  readonly client: OrthancClient;
  readonly dicomWeb: DicomWeb;
}

export function clientsOf(orthanc: RunningOrthanc): Clients {
  const endpoint = { url: orthanc.url, username: orthanc.username, password: orthanc.password, timeoutMs: 10_000 };
  return { endpoint, client: new OrthancClient(endpoint), dicomWeb: new DicomWeb({ ...endpoint, url: orthanc.dicomWebUrl }) };
}
