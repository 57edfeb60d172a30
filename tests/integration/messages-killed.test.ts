import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { loadConfig } from '../../src/config.js';
import { storeLocation } from '../../src/store/store-location.js';
import { openStore } from '../../src/store/store.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { spawnService, type SpawnedService } from '../support/service.js';
import { startWebhookReceiver, type HookAnswer, type WebhookReceiver } from '../support/webhook-receiver.js';

const patience = { timeoutMs: 90_000, intervalMs: 100 };

/** SIGKILL of the service at each step of a message, on a real Orthanc and a real receiver. */
describe('kill -9 while a message is sent', () => {
  const dataDir = temporaryDirectory('messages-killed');
  const configFile = join(temporaryDirectory('messages-killed-config'), 'config.yaml');
  let receiver: WebhookReceiver;
  let proxy: FaultyProxy;
  let service: SpawnedService | undefined;
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.kill();
    await proxy?.close();
    await receiver?.close();
  });
  const pacs = useOrthanc();
  before(async () => {
    receiver = await startWebhookReceiver();
    proxy = await startFaultyProxy(pacs.orthanc);
    writeFileSync(
      configFile,
      JSON.stringify({
        messages: {
          channels: [{ name: 'ris', webhook: { url: receiver.url, plainHttp: true } }],
          rules: [{ channel: 'ris', decision: 'any', site: 'KILLED' }],
        },
        orthanc: { pollIntervalMs: 200, stabilityCheckMs: 300 },
      }),
    );
  });

  const start = (): Promise<SpawnedService> =>
    spawnService(pacs.orthanc, {
      url: proxy.url,
      dataDir,
      environment: { CONFIG_FILE: configFile, CHANNEL_SECRET_RIS: 'a secret of this test', ENGINE: 'onnx-cpu' },
    });
  const site = { InstitutionName: 'killed' };

  /** @param trap set before the study arrives; kills the service with its argument */
  async function killedAt(name: string, trap: (kill: () => void) => void): Promise<string> {
    const { studyInstanceUID, files } = chestStudy(`message killed ${name}`, [{ attributes: site }]);
    service ??= await start();
    const victim = service;
    trap(() => void victim.process.kill('SIGKILL'));
    await sendByCStore(files, pacs.orthanc);
    await eventually('the service dies', () => assert.equal(victim.process.signalCode, 'SIGKILL'), patience);
    proxy.behave();
    receiver.answerAll(204);
    service = await start();
    return studyInstanceUID;
  }

  /** Ends the service and reads its database. */
  async function stateOf(studyInstanceUID: string): Promise<readonly string[]> {
    await service!.kill();
    service = undefined;
    const store = await openStore(storeLocation({ ...loadConfig({}), dataDir }), silentLog);
    try {
      return (await store.messages.ofStudy(studyInstanceUID)).map(({ state }) => state);
    } finally {
      await store.close();
    }
  }

  const isAccepted = (studyInstanceUID: string): Promise<void> =>
    eventually(
      'the service records that the message is accepted',
      () => assert.match(service!.output(), new RegExp(`a message was accepted.*${studyInstanceUID}`)),
      patience,
    );

  test('before the receiver has answered: it gets the message again, with the same key and content', async () => {
    const uid = await killedAt('before the answer', (kill) => receiver.answer(() => kill()));
    await isAccepted(uid);
    const hooks = receiver.of(uid);
    assert.equal(hooks.length, 2);
    assert.equal(new Set(hooks.map(({ key }) => key)).size, 1);
    assert.equal(new Set(hooks.map(({ body }) => body)).size, 1);
    assert.deepEqual(await stateOf(uid), ['accepted']);
  });

  test('after the receiver has answered, before that is recorded: it gets the message again with the same key, or not at all', async () => {
    const thenKill =
      (kill: () => void): HookAnswer =>
      (response) => {
        response.writeHead(204).end(kill);
      };
    const uid = await killedAt('after the answer', (kill) => receiver.answer(thenKill(kill)));
    await eventually(
      'the message is recorded as accepted, by the killed process or the next one',
      () => {
        assert.ok(receiver.of(uid).length === 2 || /service is running/.test(service!.output()));
      },
      patience,
    );
    if (receiver.of(uid).length === 2) await isAccepted(uid);
    const hooks = receiver.of(uid);
    assert.ok(hooks.length <= 2);
    assert.equal(new Set(hooks.map(({ key }) => key)).size, 1);
  });

  test('after its documents were stored, before the result is indexed: the message is sent once', async () => {
    const uid = await killedAt('before the result is indexed', (spring) =>
      proxy.misbehave({ kind: 'trap', when: 'after', spring }, { only: /^POST \/dicom-web\/studies/, times: 1 }),
    );
    await isAccepted(uid);
    assert.equal(receiver.of(uid).length, 1);
    assert.deepEqual(await stateOf(uid), ['accepted']);
  });
});
