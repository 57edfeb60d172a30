import { serverAccessOf } from '../http/server-access.js';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { DicomWeb } from '../dicomweb/client.js';
import { Slots } from '../http/slots.js';
import { DicomWebProxy } from '../dicomweb/proxy.js';
import { asFault, Fault } from '../errors.js';
import { makeFolder } from '../lib/make-folder.js';
import type { Log } from '../log.js';
import { OrthancClient } from '../orthanc/client.js';
import { ensureOrthanc } from '../orthanc/install-orthanc.js';
import { lockDirectory, type DirectoryLock } from '../store/directory-lock.js';
import { startPrivateOrthanc } from '../orthanc/private-orthanc.js';

/** Both interfaces of the PACS, and the URL by which logs and pages name it. */
export interface PacsAccess {
  readonly orthanc: OrthancClient;
  readonly dicomWeb: DicomWeb;
  /** For viewers. */
  readonly proxyDicomWeb: DicomWebProxy;
  /** Without credentials. */
  readonly url: string;
  /** Requests to the PACS that are in progress. */
  readonly slots: Slots;
  /** Set for a private Orthanc: where to send studies by C-STORE. */
  readonly dicomPort?: number;
  close(): Promise<void>;
}

/** Under this name the index stores the cursor of the change log. */
export function pacsName({ orthanc }: Config, pacs: Pick<PacsAccess, 'url'>): string {
  return orthanc.url ? pacs.url : 'private';
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
  const lock = await lockPrivateOrthanc(config.dataDir);
  log.info('no ORTHANC_URL: starting a private Orthanc');
  try {
    return await openPrivatePacs(config, log, hint, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openPrivatePacs(config: Config, log: Log, hint: Parameters<typeof openPacs>[2], lock: DirectoryLock): Promise<PacsAccess> {
  const { orthanc } = config;
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
  const end = (): Promise<void> => running.stop().finally(() => lock.release());
  return { ...access(config, running, end), dicomPort: running.dicomPort };
}

/** Two programs on the files of one Orthanc would destroy its index. @throws Fault `config-invalid` */
async function lockPrivateOrthanc(dataDir: string): Promise<DirectoryLock> {
  try {
    makeFolder(dataDir, 0o700);
  } catch (thrown) {
    throw asFault(thrown, 'config-invalid', { source: dataDir });
  }
  try {
    return await lockDirectory(join(dataDir, 'orthanc.lock'));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'config-invalid') throw error;
    throw new Fault('config-invalid', 'the private Orthanc belongs to the running service: stop the service first, or set ORTHANC_URL', {
      source: dataDir,
    });
  }
}

function access(
  { orthanc: settings }: Config,
  {
    url,
    dicomWebUrl,
    username,
    password,
  }: { readonly url: string; readonly dicomWebUrl: string; readonly username?: string | undefined; readonly password?: string | undefined },
  end: () => Promise<void>,
): PacsAccess {
  // Both interfaces share one limit: the configuration limits their requests together.
  const maxConcurrent = new Slots(settings.maxConcurrentRequests);
  // A private Orthanc has no proxy before it.
  const given = settings.url === undefined ? { caFile: settings.caFile } : serverAccessOf(settings);
  const shared = { ...given, username, password, timeoutMs: settings.requestTimeoutMs, maxConcurrent };
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
