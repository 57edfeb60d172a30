import { join } from 'node:path';
import type { Config } from '../config.js';
import { DicomWeb } from '../dicomweb/client.js';
import { Fault } from '../errors.js';
import { Slots } from '../http/slots.js';
import { DicomWebProxy } from '../dicomweb/proxy.js';
import type { Log } from '../log.js';
import { OrthancClient } from '../orthanc/client.js';
import { ensureOrthanc } from '../orthanc/install-orthanc.js';
import { startPrivateOrthanc } from '../orthanc/private-orthanc.js';
import type { Pacs } from '../reporting/ports.js';
import { pacsContentOf } from '../reporting/pacs-content.js';

/** Both ways to the PACS, and how it is to be named to people. */
export interface PacsAccess {
  readonly orthanc: OrthancClient;
  readonly dicomWeb: DicomWeb;
  /** For viewers. */
  readonly proxyDicomWeb: DicomWebProxy;
  /** Without credentials. */
  readonly url: string;
  /** Exchanges with the PACS under way. */
  readonly slots: Slots;
  /** Set for a private Orthanc: where to send studies by C-STORE. */
  readonly dicomPort?: number;
  close(): Promise<void>;
}

/** Under this name the index keeps the cursor. */
export function pacsName({ orthanc }: Config, pacs: Pick<PacsAccess, 'url'>): string {
  return orthanc.url ? pacs.url : 'private';
}

/** What the stories need of it. */
export function pacsOf(dicomWeb: DicomWeb, orthanc?: OrthancClient): Pacs {
  return {
    retrieveStudyMetadata: (study) => foundBy(dicomWeb, () => dicomWeb.retrieveStudyMetadata(study)),
    retrieveInstance: (study, series, instance) => foundBy(dicomWeb, () => dicomWeb.retrieveInstance(study, series, instance)),
    storeInstances: async (files) => void (await dicomWeb.storeInstances(files)),
    ...(orthanc ? { content: pacsContentOf(orthanc) } : {}),
  };
}

/** No study has this UID: a search that costs the PACS nothing and tells whether DICOMweb is served at all. */
const noStudy = '2.25.0';

/** @throws Fault pacs-unreachable where Orthanc serves no DICOMweb at the configured path, and what the search throws */
export async function checkDicomWeb(dicomWeb: Pick<DicomWeb, 'searchForStudies'>): Promise<void> {
  try {
    await dicomWeb.searchForStudies({ StudyInstanceUID: noStudy }, { limit: 1 });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'pacs-not-found') throw error;
    throw new Fault(
      'pacs-unreachable',
      'Orthanc serves no DICOMweb at orthanc.dicomWebPath; load its DICOMweb plugin, or correct the path',
      {},
      { cause: error },
    );
  }
}

/** What is not found while the DICOMweb plugin is missing is not gone: the work waits until the plugin is back. */
async function foundBy<T>(dicomWeb: DicomWeb, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault && error.code === 'pacs-not-found') await checkDicomWeb(dicomWeb);
    throw error;
  }
}

/** The PACS of the configuration, which need not answer yet; without one a private Orthanc below the data folder. */
export async function openPacs(
  config: Config,
  log: Log,
  hint: { readonly environment: Readonly<Record<string, string>>; readonly script: string },
): Promise<PacsAccess> {
  const { orthanc } = config;
  if (orthanc.url) {
    const url = orthanc.url.replace(/\/+$/, '');
    return access(
      config,
      { url, dicomWebUrl: url + orthanc.dicomWebPath, username: orthanc.username, password: orthanc.password },
      async () => undefined,
    );
  }
  log.info('no ORTHANC_URL: starting a private Orthanc');
  const program = await ensureOrthanc({ permitted: true, log });
  const running = await startPrivateOrthanc(
    {
      directory: join(config.dataDir, 'orthanc'),
      stableAgeSeconds: orthanc.privateStableAgeSeconds,
      luaScripts: [hint.script],
      environment: hint.environment,
    },
    program,
  );
  log.info('private Orthanc is running', { url: running.url, dicomPort: running.dicomPort, aet: running.aet });
  return { ...access(config, running, () => running.stop()), dicomPort: running.dicomPort };
}

function access(
  { orthanc: { caFile, requestTimeoutMs: timeoutMs, maxConcurrentRequests } }: Config,
  {
    url,
    dicomWebUrl,
    username,
    password,
  }: { readonly url: string; readonly dicomWebUrl: string; readonly username?: string | undefined; readonly password?: string | undefined },
  end: () => Promise<void>,
): PacsAccess {
  // One count for both ways to it: what the configuration allows is allowed once.
  const maxConcurrent = new Slots(maxConcurrentRequests);
  const shared = { username, password, caFile, timeoutMs, maxConcurrent };
  const orthanc = new OrthancClient({ url, ...shared });
  const dicomWeb = new DicomWeb({ url: dicomWebUrl, ...shared });
  const proxyDicomWeb = new DicomWebProxy({ url: dicomWebUrl, ...shared });
  return {
    orthanc,
    dicomWeb,
    proxyDicomWeb,
    url: orthanc.url,
    slots: maxConcurrent,
    async close() {
      orthanc.close();
      dicomWeb.close();
      proxyDicomWeb.close();
      await end();
    },
  };
}
