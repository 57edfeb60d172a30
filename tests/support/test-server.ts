import { trialReportExample } from './trial-example.js';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { Fault } from '../../src/errors.js';
import { silentLog, type Log } from '../../src/log.js';
import { createServer } from '../../src/server/app.js';
import type { AccessSettings } from '../../src/server/access/access.js';
import { confirmationsOf } from '../../src/server/access/confirmations.js';
import type { PagePort, ServerParts, ServerPorts } from '../../src/server/ports.js';
import type { Store } from '../../src/store/store.js';
import { accessParts } from './access.js';
import {
  channel,
  draftTestExample,
  exampleMessage,
  hourExample,
  message,
  research,
  rulesExample,
  ruleVersionExample,
  systemExample,
} from './example-replies.js';

const emptyPage: PagePort = {
  worklist: async () => ({ rows: [], order: 'urgency' }),
  counts: async () => ({ reported: 0, skipped: 0, failed: 0, present: 0, toRead: 0, disagreed: 0 }),
  changeToken: async () => '',
  patients: async () => ({}),
  study: async (studyInstanceUID) => ({ studyInstanceUID, history: [], images: [], heatMaps: [], pacs: 'gone' }),
  picture: () => Promise.reject(new Fault('pacs-not-found', 'there is none in this test')),
  images: () => Promise.reject(new Fault('pacs-not-found', 'there are none in this test')),
  displayFrame: () => Promise.reject(new Fault('pacs-not-found', 'there is none in this test')),
  operations: () => Promise.reject(new Fault('starting', 'there are none in this test')),
  testRules: async () => [],
  testDraft: async () => [draftTestExample],
  testRulesOn: async (_path, subject) => ({ subject, action: 'none', passedOver: [] }),
  analyze: () => Promise.reject(new Fault('upload-refused', 'there is no model in this test')),
  models: async () => ({ line: 'default', lines: ['default'], models: [], history: [] }),
  retraining: async () => ({ state: 'idle' }),
  model: () => Promise.reject(new Fault('model-unknown', 'there is none in this test')),
};

const noBackfill = (): Promise<never> => Promise.reject(new Fault('not-found', 'no backfill in this test'));
const noStudy = (): Promise<never> => Promise.reject(new Fault('not-found', 'no study here'));
const noModel = (): Promise<never> => Promise.reject(new Fault('model-unknown', 'there is none in this test'));

export interface TestServer {
  readonly url: string;
  readonly app: Express;
  close(): Promise<void>;
}

/** The HTTP interface alone, over a real store; what the service would show is empty. */
export async function startTestServer(
  store: Store,
  options: {
    readonly settings?: Partial<AccessSettings>;
    readonly parts?: Partial<ServerParts>;
    readonly ports?: Partial<ServerPorts>;
    readonly page?: Partial<PagePort>;
    readonly port?: number;
    readonly log?: Log;
  } = {},
): Promise<TestServer> {
  const ports: ServerPorts = {
    retrain: async () => undefined,
    erase: noStudy,
    assessments: {
      record: () => Promise.reject(new Fault('pacs-not-found', 'no study here')),
      withdraw: () => Promise.reject(new Fault('pacs-not-found', 'no study here')),
      hiddenSeries: async () => new Set(),
      codedFindings: () => [],
      mayVerify: () => false,
      ofStudy: async () => ({ assessments: [], labels: [], othersHidden: false, mayAdjudicate: false }),
    },
    readings: { claim: noStudy, release: noStudy, markRead: noStudy, markUnread: noStudy },
    health: async () => ({
      ok: true,
      orthanc: 'answers',
      database: 'answers',
      disk: 'room',
      clock: 'right',
      model: 'm',
      engine: 'e',
      engineState: 'running',
      work: 'in time',
      drift: 'none',
      queue: { waiting: 0, active: 0, failed: 0 },
    }),
    measure: async () => ({ ok: true, results: {}, queues: [], freeBytes: 1, clockSkewMs: 0, pacsRequests: 0 }),
    results: async () => [],
    failedJobs: async () => [],
    retryFailedJob: async () => true,
    retryFailedJobs: async () => 2,
    rules: {
      state: async () => rulesExample,
      check: () => [],
      test: async () => [draftTestExample],
      change: async () => undefined,
      history: async () => [ruleVersionExample],
      restore: async () => undefined,
    },
    system: { state: async () => systemExample, trends: async () => ({ hours: [hourExample] }) },
    resultsOf: async () => [],
    page: { ...emptyPage, ...options.page },
    drift: { shown: async () => ({ alarms: [] }), requestCheck: async () => undefined, acknowledge: async () => true },
    backfills: {
      list: async () => [],
      start: () => noBackfill(),
      pause: () => noBackfill(),
      resume: () => noBackfill(),
      cancel: () => noBackfill(),
      report: async () => trialReportExample(40),
      sign: () => noBackfill(),
    },
    requests: { request: async () => 'queued' },
    research,
    confirmations: confirmationsOf(store.oneTimeTokens),
    messages: {
      channels: async () => [channel],
      ofChannel: async () => [message],
      ofStudy: async () => [message],
      fhir: async () => ({ resourceType: 'Bundle', type: 'collection', entry: [] }),
      testMessage: () => exampleMessage,
      sendTest: async (_channel, { messageId }) => ({ messageId, reference: '17' }),
    },
    modelActions: { promote: noModel, challenge: noModel, rollBack: noModel },
    proxyDicomWeb: () => Promise.reject(new Fault('pacs-unreachable', 'there is none in this test')),
    ...options.ports,
  };
  const app = createServer(
    { ...accessParts(store, options.settings), hintToken: 'hint-token', wake: () => undefined, ports: () => ports, ...options.parts },
    options.log ?? silentLog,
  );
  const server = await new Promise<Server>((resolve) => {
    const listening: Server = app.listen(options.port ?? 0, '127.0.0.1', () => resolve(listening));
    // On a busy machine a client would use a connection in the moment in which Node closes it after its 5 s.
    listening.keepAliveTimeout = 120_000;
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Every route of an app: what express will try, in order. */
export function routesOf(app: Express): readonly { readonly method: string; readonly path: string }[] {
  interface Layer {
    readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
    readonly handle?: { readonly stack?: readonly Layer[] };
  }
  const walk = (stack: readonly Layer[]): { method: string; path: string }[] =>
    stack.flatMap(({ route, handle }) => {
      if (!route) return handle?.stack ? walk(handle.stack) : [];
      const paths = [route.path].flat() as string[];
      return paths.flatMap((path) => Object.keys(route.methods).map((method) => ({ method: method.toUpperCase(), path })));
    });
  return walk((app as unknown as { router: { stack: readonly Layer[] } }).router.stack);
}
