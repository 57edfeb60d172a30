import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { deliverResult, planDeliveries } from '../../src/reporting/deliver-result.js';
import type { Delivery, Destinations, StudyResult } from '../../src/reporting/ports.js';
import { destinationKinds, destinationSchemaOf, type Destination } from '../../src/routing/rules.js';
import type { Store } from '../../src/store/store.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

/** What CONTRIBUTING.md tells somebody to add: the name of the kind, and how documents are sent. Here to a web hook of a RIS. */
const kinds = [...destinationKinds, 'webhook'] as const;

function withWebhook(address: (name: string) => string): Destinations {
  const sendTo = {
    webhook: async (name: string, instanceIds: readonly string[]) => {
      const response = await fetch(address(name), { method: 'POST', body: JSON.stringify(instanceIds) });
      if (!response.ok) throw new Fault('destination-unavailable', `webhook ${name}: HTTP ${response.status}`);
    },
  };
  // The compiler demands modality and peer too; here nothing is sent to them.
  return { instanceIdsOf: async (uids: readonly string[]) => uids.map((uid) => `id of ${uid}`), sendTo } as unknown as Destinations;
}

const [backend] = storeBackends();
const received: string[] = [];
let store: Store;
let server: Server;
let status = 503;

before(async () => {
  store = await openEmptyStore(backend!);
  server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (body: string) => received.push(`${request.url} ${body}`));
    request.on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  server.close();
  await store.close();
  await backend!.stop();
});

test('rules accept the added kind, and still refuse what is no kind', () => {
  const schema = destinationSchemaOf(kinds);
  assert.deepEqual(schema.parse({ webhook: 'RIS' }), { webhook: 'RIS' });
  assert.deepEqual(schema.parse({ peer: 'ARCHIVE' }), { peer: 'ARCHIVE' });
  assert.match(schema.safeParse({ fax: 'RIS' }).error!.message, /expected \{ modality: NAME \} or \{ peer: NAME \} or \{ webhook: NAME \}/);
  assert.equal(schema.safeParse({ webhook: 'RIS', peer: 'ARCHIVE' }).success, false);
});

test('a result is planned for the added kind, retried after a failure, and delivered once', async () => {
  await store.results.recordResult({ resultId: 'result-1', studyInstanceUID: '2.25.1', outcome: 'reported', inputKey: 'images-1' });
  const result = {
    resultId: 'result-1',
    destinations: [destinationSchemaOf(kinds).parse({ webhook: 'RIS' }) as unknown as Destination],
    documents: [{ sopInstanceUID: '2.25.2' }],
  } as unknown as StudyResult;
  const { port } = server.address() as AddressInfo;
  const destinations = withWebhook((name) => `http://127.0.0.1:${port}/${name}`);
  const plan = (): Promise<readonly Delivery[]> => planDeliveries(result, store.deliveries);

  const [delivery] = await plan();
  const deliver = (): Promise<void> => deliverResult(delivery!, destinations, store.deliveries, silentLog);
  await assert.rejects(deliver(), (error) => error instanceof Fault && error.code === 'destination-unavailable' && error.retryable);
  assert.deepEqual(
    (await store.deliveries.outstanding()).map(({ destination, kind, state }) => ({ destination, kind, state })),
    [{ destination: 'RIS', kind: 'webhook', state: 'failing' }],
  );

  status = 200;
  await deliver();
  await deliver();
  assert.deepEqual(received, ['/RIS ["id of 2.25.2"]', '/RIS ["id of 2.25.2"]']);
  assert.deepEqual([await plan(), await store.deliveries.outstanding()], [[], []]);
});
