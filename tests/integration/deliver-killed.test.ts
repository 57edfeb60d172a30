import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { chestStudy } from '../support/chest-study.js';
import { clientsOf, type Clients } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, withOrthanc, type TestOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, documentsOf, eventuallyOneResult, spawnService, startTestService } from '../support/service.js';

/* Documents by C-STORE to the destination of a rule: the service is killed at its answer, and storage commitment is required. */

const patience = { timeoutMs: 120_000, intervalMs: 200 };

describe('C-STORE to a destination', () => {
  const folder = temporaryDirectory('deliver-killed');
  const ports = { pacs: 0, reader: 0, readerHttp: 0, storescp: 0 };
  let pacs: TestOrthanc;
  let reader: RunningOrthanc;
  let there: Clients;
  let proxy: FaultyProxy;
  let storescp: ChildProcess | undefined;
  let end = (): void => undefined;
  let closed: Promise<void> | undefined;
  const routingTo = (modality: string): string => {
    const file = join(folder, `routing-${modality}.yaml`);
    writeFileSync(
      file,
      `rules:\n  - name: all\n    when: { modality: CR }\n    action: analyse\n    priority: 7\n    destinations: [{ modality: ${modality} }]\n`,
    );
    return file;
  };

  before(async () => {
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    const modality = (aet: string, port: number) => ({ aet, host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => {
      closed = withOrthanc(
        async (started) => {
          pacs = started;
          const ended = new Promise<void>((stop) => void (end = stop));
          resolve();
          await ended;
        },
        {
          dicomPort: ports.pacs,
          aet: 'PACS',
          modalities: { READER: modality('READER', ports.reader), PLAIN: modality('PLAIN', ports.storescp) },
        },
      );
      closed.catch(reject);
    });
    reader = await startPrivateOrthanc({
      directory: join(folder, 'reader'),
      dicomPort: ports.reader,
      httpPort: ports.readerHttp,
      aet: 'READER',
      credentials: { username: 'reader', password: 'reader' },
      modalities: { PACS: modality('PACS', ports.pacs) },
    });
    there = clientsOf(reader);
    proxy = await startFaultyProxy(pacs.orthanc);
  });
  after(async () => {
    storescp?.kill();
    await proxy?.close();
    await reader?.stop();
    end();
    await closed;
  });

  // One database for both: a new one would deliver the documents of the first study again.
  const dataDir = temporaryDirectory('deliver-killed-data');
  for (const when of ['before', 'after'] as const)
    test(`kill -9 ${when} the destination has answered: it has each document once, and the delivery is recorded`, async () => {
      const environment = { ROUTING_FILE: routingTo('READER'), ENGINE: 'onnx-cpu' };
      const start = () => spawnService(pacs.orthanc, { url: proxy.url, dataDir, environment });
      let service = await start();
      try {
        const victim = service;
        const { studyInstanceUID, files } = chestStudy(`delivery killed ${when}`);
        const store = /^POST \/modalities\/READER\/store/;
        const earlier = proxy.requests.filter((one) => store.test(one)).length;
        proxy.misbehave({ kind: 'trap', when, spring: () => void victim.process.kill('SIGKILL') }, { only: store, times: 1 });
        await sendByCStore(files, pacs.orthanc);
        await eventually('the service dies', () => assert.equal(victim.process.signalCode, 'SIGKILL'), patience);
        proxy.behave();
        service = await start();
        await eventually('the delivery is recorded', () => assert.match(service.output(), /documents delivered.*READER/), patience);
        const { reference } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
        const { current } = await documentsOf(there.dicomWeb, studyInstanceUID);
        assert.deepEqual(
          current.filter(({ kind }) => kind === 'text').map((one) => one.reference.sopInstanceUID),
          [reference.sopInstanceUID],
        );
        await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
        assert.equal(proxy.requests.filter((one) => store.test(one)).length, earlier + 2, 'the answer was lost');
      } finally {
        await service.kill();
      }
    });

  test('a destination that refuses the association, then aborts during the transfer, gets the documents when it accepts them', async () => {
    const plain = (...options: readonly string[]): ChildProcess =>
      spawn('storescp', ['--output-directory', folder, ...options, String(ports.storescp)], { stdio: 'ignore' });
    const service = await startTestService(pacs.orthanc, { routingFile: routingTo('PLAIN') });
    try {
      const { studyInstanceUID, files } = chestStudy('delivery aborted');
      const attempts = async (): Promise<readonly [string, number]> => {
        const { resultId } = (await service.store.results.currentResult(studyInstanceUID))!;
        const [row] = await service.store.deliveries.ofResult(resultId);
        return [row!.state, row!.attempts];
      };
      storescp = plain('--refuse');
      await sendByCStore(files, pacs.orthanc);
      await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
      let tried = 0;
      for (const options of [['--refuse'], ['--abort-during']]) {
        storescp.kill();
        storescp = plain(...options);
        await eventually(
          `it fails with ${options[0]}`,
          async () => {
            const [state, n] = await attempts();
            assert.equal(state, 'failing');
            assert.ok(n > tried + 1, `${n} attempts`);
          },
          patience,
        );
        [, tried] = await attempts();
      }
      storescp.kill();
      storescp = plain();
      await eventually('it is delivered', async () => assert.equal((await attempts())[0], 'delivered'), patience);
    } finally {
      storescp?.kill();
      await service.stop();
    }
  });

  test('storage commitment is required: a destination that offers it is delivered to, one that does not keeps the delivery waiting', async () => {
    storescp = spawn('storescp', ['--output-directory', folder, String(ports.storescp)], { stdio: 'ignore' });
    await eventually('storescp answers', () => pacs.client.echo('PLAIN'), patience);
    for (const [modality, state] of [
      ['READER', 'delivered'],
      ['PLAIN', 'failing'],
    ] as const) {
      const service = await startTestService(pacs.orthanc, { routingFile: routingTo(modality), report: { storageCommitment: 'required' } });
      try {
        const { studyInstanceUID, files } = chestStudy(`committed ${modality}`);
        await sendByCStore(files, pacs.orthanc);
        await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
        await eventually(
          `the delivery to ${modality} is ${state}`,
          async () => {
            const { resultId } = (await service.store.results.currentResult(studyInstanceUID))!;
            const rows = await service.store.deliveries.ofResult(resultId);
            assert.deepEqual(
              rows.map((one) => [one.destination, one.state]),
              [[modality, state]],
            );
          },
          patience,
        );
      } finally {
        await service.stop();
      }
    }
  });
});
