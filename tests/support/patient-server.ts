import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { silentLog } from '../../src/log.js';
import type { Role } from '../../src/server/access/roles.js';
import type { ShownResult } from '../../src/server/page-types.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from './access.js';
import { temporaryDirectory } from './orthanc.js';
import { startTestServer, type TestServer } from './test-server.js';
import { displayFrame, reading, reports, studyImages } from './example-replies.js';

export const study = '1.2.840.99999.1';
/** Stands in every attribute of a patient that this server's PACS knows. */
export const mark = 'ZQXPATIENT';

const result: ShownResult = {
  studyInstanceUID: study,
  createdAt: new Date().toISOString(),
  outcome: 'reported',
  findings: [],
  modelVersion: 'm',
  engine: 'e',
  isCurrent: true,
  documents: [],
  deliveries: [],
};
const patient = {
  name: mark,
  patientId: mark,
  sex: 'F',
  birthDate: mark,
  studyDate: '',
  accessionNumber: mark,
  description: mark,
  modalities: [],
};

export interface PatientServer {
  readonly store: Store;
  readonly server: TestServer;
  readonly parts: ReturnType<typeof accessParts>;
  /** How often the state was examined for /health. */
  healthAsked(): number;
  /** By a token of the role, or another one. */
  ask(
    path: string,
    options?: { readonly method?: string; readonly role?: Role; readonly body?: unknown; readonly token?: string },
  ): Promise<Response>;
  close(): Promise<void>;
}

/** A server whose every answer about a patient contains `mark`, with a token for each role. */
export async function startPatientServer(): Promise<PatientServer> {
  const headers = new Map<Role, Record<string, string>>();
  let healthAsked = 0;
  const store = await openStore({ dataDir: temporaryDirectory('on-record') }, silentLog);
  const parts = accessParts(store);
  const server = await startTestServer(store, {
    parts: {
      uploads: {
        directory: temporaryDirectory('on-record-uploads'),
        maxBytes: 1000,
        limits: { maxOfUser: 2, maxOfAll: 4, maxWaitingOfUser: 2, maxWaitingOfAll: 4, maxBytes: 1e6, keepFreeBytes: 0 },
      },
    },
    ports: {
      results: async () => [result],
      reports,
      resultsOf: async () => [result],
      assessments: {
        record: async () => ({ assessment: { sopInstanceUID: '1.2' } as never, stored: true }),
        withdraw: async () => ({ assessment: { sopInstanceUID: '1.2' } as never, stored: true }),
        hiddenSeries: async () => new Set(),
        codedFindings: () => [],
        mayVerify: () => false,
        ofStudy: async () => ({ assessments: [], labels: [], othersHidden: false, mayAdjudicate: false }),
      },
      readings: {
        claim: async () => ({ reading }),
        release: async () => ({ reading }),
        markRead: async () => ({ reading }),
        markUnread: async () => ({ reading }),
      },
      proxyDicomWeb: async () => ({
        status: 200,
        headers: { 'content-type': 'application/dicom+json' },
        body: Readable.from(['[]']) as IncomingMessage,
      }),
      health: async () => {
        healthAsked++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return {
          ok: true,
          orthanc: 'answers',
          database: 'answers',
          disk: 'room',
          clock: 'right',
          model: 'm',
          engine: 'e',
          engineState: 'computes',
          work: 'in time',
          drift: 'none',
          queue: { waiting: 0, active: 0, failed: 0 },
        };
      },
    },
    page: {
      patients: async (uids) => Object.fromEntries(uids.map((uid) => [uid, patient])),
      study: async (studyInstanceUID) => ({ studyInstanceUID, history: [], images: [], heatMaps: [], pacs: 'answers', patient }),
      picture: async () => ({ type: 'image/jpeg', bytes: Buffer.from(mark) }),
      images: async () => studyImages,
      displayFrame: async () => displayFrame,
      testRules: async () => [{ subject: `${study}9`, action: 'none', passedOver: [{ rule: 'r', text: mark }] }],
      testRulesOn: async (_path, subject) => ({ subject, action: 'none', passedOver: [{ rule: 'r', text: mark }] }),
      analyze: async () => ({ notice: '', model: { name: 'm', version: 'v' }, engine: 'e', images: [], milliseconds: 1 }),
      changeToken: async () => 'a',
    },
  });
  for (const role of ['viewer', 'reader', 'operator', 'admin', 'service', 'metrics'] as const) {
    headers.set(role, {
      authorization: `Bearer ${(await parts.administration.addToken({ name: `all-${role}`, roles: [role] }, { actor: 'test' })).token}`,
    });
  }
  const ask: PatientServer['ask'] = (path: string, { method = 'GET', role = 'admin', body, token } = {}) =>
    fetch(server.url + path, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...(token === undefined ? headers.get(role)! : { authorization: `Bearer ${token}` }),
        ...(method === 'GET' ? {} : { 'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json' }),
      },
      ...(method === 'GET' ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body ?? {}) }),
    });
  return {
    store,
    server,
    parts,
    ask,
    healthAsked: () => healthAsked,
    close: async () => {
      await server.close();
      await store.close();
    },
  };
}

/** A route's path with something in the place of each parameter. */
export const concrete = (path: string): string =>
  path
    .replace(':id', '00000000-0000-0000-0000-000000000000')
    .replace(':version', '0123456789ab')
    .replace(/[:*]\w+/g, 'x');
