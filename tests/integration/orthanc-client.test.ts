import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test, after, before } from 'node:test';
import { derivedUid, type SOPInstanceUID, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { OrthancClient, type OrthancId } from '../../src/orthanc/client.js';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { clientsOf } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { startTlsProxy } from '../support/tls-proxy.js';
import { tinyImage } from '../support/tiny-image.js';

const withoutOpenssl = spawnSync('openssl', ['version']).error !== undefined && 'no openssl on this machine';

describe('Orthanc client', () => {
  const started = useOrthanc({
    stableAgeSeconds: 1,
    aet: 'PACS',
    modalities: { dead: { aet: 'DEAD', host: '127.0.0.1', port: 9 } },
    peers: { dead: { url: 'http://127.0.0.1:9/' } },
  });

  test('system and plugins', async () => {
    const system = await started.client.system();
    assert.equal(system.dicomAet, 'PACS');
    assert.equal(system.dicomPort, started.orthanc.dicomPort);
    assert.match((await started.client.dicomWebPlugin())!.version, /^\d+\.\d+/);
  });

  test('changes lead from an arrival to its study, which becomes stable', async () => {
    const cursor = await started.client.lastChange();
    const image = tinyImage({ study: 'arrival' });
    await sendByCStore([image.bytes], started.orthanc, { calling: 'ROOM7', called: 'CHESTAI' });

    const page = await started.client.changes(cursor, 100);
    assert.deepEqual(
      page.changes.map(({ type }) => type),
      ['NewInstance', 'NewSeries', 'NewStudy', 'NewPatient'],
    );
    assert.equal(page.last, page.changes.at(-1)!.seq);
    assert.equal(page.done, true);
    const first = await started.client.changes(cursor, 1);
    assert.equal(first.changes.length, 1);
    assert.equal(first.done, false);

    const studies = await started.client.studiesOf(page.changes.map(({ resourceType, id }) => ({ level: resourceType, id })));
    assert.equal(studies.length, 1);
    const study = studies[0]!;
    assert.equal(study.studyInstanceUID, image.studyInstanceUID);
    assert.equal(study.seriesIds.length, 1);
    assert.ok(Math.abs(Date.now() - study.lastUpdate!.getTime()) < 10_000);
    assert.equal(await started.client.findStudy(image.studyInstanceUID), study.id);
    await eventually('stable', async () => assert.equal((await started.client.study(study.id)).isStable, true));

    const instance = page.changes.find(({ resourceType }) => resourceType === 'Instance')!.id;
    assert.deepEqual(await started.client.instanceIdsOf([image.sopInstanceUID]), [instance]);
    assert.deepEqual(await started.client.arrivalOf(instance), { remoteAet: 'ROOM7', calledAet: 'CHESTAI', origin: 'DicomProtocol' });
  });

  test('an instance by STOW-RS has no AE titles', async () => {
    const image = tinyImage({ study: 'stow' });
    await sendByStow([image.bytes], started.dicomWeb);
    const [instance] = await started.client.instanceIdsOf([image.sopInstanceUID]);
    const { remoteAet, calledAet, origin } = await started.client.arrivalOf(instance!);
    assert.deepEqual({ remoteAet, calledAet }, { remoteAet: undefined, calledAet: undefined });
    assert.ok(origin);
  });

  test('deleted and unknown things are absent, not errors', async () => {
    const image = tinyImage({ study: 'deleted' });
    await sendByStow([image.bytes], started.dicomWeb);
    const id = (await started.client.findStudy(image.studyInstanceUID))!;
    await started.client.deleteStudy(id);
    assert.equal(await started.client.findStudy(image.studyInstanceUID), undefined);
    assert.deepEqual(await started.client.studiesOf([{ level: 'Study', id }]), []);
    assert.deepEqual(await started.client.instanceIdsOf([derivedUid<SOPInstanceUID>('never sent')]), []);
    await assert.rejects(started.client.study(id), isFault('pacs-not-found'));
  });

  test('many resources are resolved in few questions', async () => {
    const images = Array.from({ length: 30 }, (_, index) => tinyImage({ study: `many ${index % 3}`, instance: String(index) }));
    const cursor = await started.client.lastChange();
    await sendByCStore(
      images.map(({ bytes }) => bytes),
      started.orthanc,
    );
    const { changes } = await started.client.changes(cursor, 1000);
    // Earlier tests' studies may become stable meanwhile.
    const arrived = changes.filter(({ type }) => type.startsWith('New'));
    const studies = await started.client.studiesOf(arrived.map(({ resourceType, id }) => ({ level: resourceType, id })));
    assert.equal(studies.length, 3);
  });

  test('a cursor beyond the newest change shows a database made anew', async () => {
    const newest = await started.client.lastChange();
    const answer = await started.client.changes(newest + 1000, 10);
    assert.deepEqual(answer.changes, []);
    assert.equal(answer.done, true);
    assert.ok((await started.client.lastChange()) < newest + 1000);
  });

  test('destinations that are down or unknown', async () => {
    const image = tinyImage({ study: 'sent on' });
    await sendByStow([image.bytes], started.dicomWeb);
    const ids = await started.client.instanceIdsOf([image.sopInstanceUID]);
    assert.deepEqual(await started.client.modalities(), ['dead']);
    assert.deepEqual(await started.client.peers(), ['dead']);
    await assert.rejects(started.client.sendToModality('dead', ids), isFault('destination-unavailable', { retryable: true }));
    await assert.rejects(started.client.sendToPeer('dead', ids), isFault('destination-unavailable', { retryable: true }));
    await assert.rejects(started.client.sendToModality('nobody', ids), isFault('destination-unknown', { retryable: false }));
    await assert.rejects(started.client.sendToPeer('nobody', ids), isFault('destination-unknown', { retryable: false }));
    const gone = '00000000-00000000-00000000-00000000-00000000' as OrthancId;
    await assert.rejects(started.client.sendToModality('dead', [gone]), isFault('pacs-not-found'));
  });
});

describe('Orthanc client and destinations that answer', () => {
  test('a modality and a peer take what is sent; nothing is there twice', async () => {
    const receiver = await startPrivateOrthanc({ directory: temporaryDirectory('receiver'), aet: 'RECEIVER' });
    const sender = await startPrivateOrthanc({
      directory: temporaryDirectory('sender'),
      modalities: { archive: { aet: 'RECEIVER', host: '127.0.0.1', port: receiver.dicomPort } },
      peers: {
        archive: { url: receiver.url, username: receiver.username, password: receiver.password },
        locked: { url: receiver.url, username: 'somebody', password: 'else' },
      },
    });
    try {
      const { client: from, dicomWeb } = clientsOf(sender);
      const { client: to } = clientsOf(receiver);
      const image = tinyImage({ study: 'delivered' });
      await sendByStow([image.bytes], dicomWeb);
      const ids = await from.instanceIdsOf([image.sopInstanceUID]);
      await from.sendToModality('archive', ids);
      await from.sendToPeer('archive', ids);
      assert.equal((await to.instanceIdsOf([image.sopInstanceUID])).length, 1);
      await assert.rejects(from.sendToPeer('locked', ids), isFault('destination-unavailable'));
      await receiver.stop();
      await assert.rejects(from.sendToModality('archive', ids), isFault('destination-unavailable'));
      await receiver.restart();
      await from.sendToModality('archive', ids);
      assert.equal((await to.instanceIdsOf([image.sopInstanceUID])).length, 1);
    } finally {
      await sender.kill();
      await receiver.kill();
    }
  });
});

describe('Orthanc client and a connection that fails', () => {
  let orthanc: RunningOrthanc;
  let proxy: FaultyProxy;
  let client: OrthancClient;
  before(async () => {
    orthanc = await startPrivateOrthanc({ directory: temporaryDirectory('behind-proxy') });
    proxy = await startFaultyProxy(orthanc);
    client = new OrthancClient({ url: proxy.url, username: orthanc.username, password: orthanc.password, timeoutMs: 400 });
  });
  after(async () => {
    client?.close();
    await proxy?.close();
    await orthanc?.kill();
  });

  test('the proxy passes on what it is not told to break', async () => {
    assert.equal((await client.system()).version.length > 0, true);
  });

  const cases = [
    ['401', { kind: 'status', status: 401 }, 'pacs-unauthorized', true],
    ['403', { kind: 'status', status: 403 }, 'pacs-unauthorized', true],
    ['404', { kind: 'status', status: 404 }, 'pacs-not-found', false],
    ['500', { kind: 'status', status: 500 }, 'pacs-error', true],
    ['400', { kind: 'status', status: 400 }, 'pacs-error', false],
    ['a slow answer', { kind: 'delay', delayMs: 1500 }, 'timed-out', true],
    ['a cut answer', { kind: 'cutBody', afterBytes: 20 }, 'pacs-malformed', true],
    ['half a JSON', { kind: 'shorten', keepBytes: 40 }, 'pacs-malformed', true],
    ['another server', { kind: 'status', status: 200, body: '{"hello":"world"}' }, 'pacs-malformed', true],
    ['no HTTP', { kind: 'garble' }, 'pacs-malformed', true],
    ['a refusal', { kind: 'refuse' }, 'pacs-unreachable', true],
  ] as const;
  for (const [name, mischief, code, retryable] of cases) {
    test(`${name} is ${code}`, async () => {
      proxy.misbehave(mischief);
      await assert.rejects(client.system(), isFault(code, { retryable }));
      proxy.behave();
      await client.system();
    });
  }

  test('wrong credentials, nobody there, an address that is none', async () => {
    const endpoint = { url: orthanc.url, timeoutMs: 1000 };
    await assert.rejects(new OrthancClient({ ...endpoint, username: 'x', password: 'y' }).system(), isFault('pacs-unauthorized'));
    await assert.rejects(new OrthancClient(endpoint).system(), isFault('pacs-unauthorized'));
    await assert.rejects(
      new OrthancClient({ url: `http://127.0.0.1:${await freePort()}`, timeoutMs: 1000 }).system(),
      isFault('pacs-unreachable'),
    );
    assert.throws(() => new OrthancClient({ url: 'localhost:8042', timeoutMs: 1000 }), isFault('config-invalid'));
    assert.throws(
      () => new OrthancClient({ url: 'https://localhost', caFile: '/nowhere.pem', timeoutMs: 1000 }),
      isFault('config-invalid'),
    );
  });

  test("HTTPS with the hospital's own authority", { skip: withoutOpenssl }, async () => {
    const tls = await startTlsProxy(orthanc);
    const endpoint = { url: tls.url, username: orthanc.username, password: orthanc.password, timeoutMs: 2000 };
    const trusting = new OrthancClient({ ...endpoint, caFile: tls.caFile });
    try {
      assert.ok((await trusting.system()).version);
      assert.ok(await trusting.dicomWebPlugin());
      await assert.rejects(
        new OrthancClient(endpoint).system(),
        (thrown) => isFault('pacs-unreachable')(thrown) && /certificate/.test(String(thrown)),
      );
    } finally {
      trusting.close();
      await tls.close();
    }
  });

  test('no credentials stand in a message', async () => {
    const port = await freePort();
    const client = new OrthancClient({ url: `http://name:secret@127.0.0.1:${port}/orthanc/`, timeoutMs: 1000 });
    await assert.rejects(client.system(), (thrown) => isFault('pacs-unreachable')(thrown) && !/secret|name:/.test(String(thrown)));
    assert.equal(client.url, `http://127.0.0.1:${port}/orthanc`);
  });

  test('a study asked for by a UID that is none', async () => {
    assert.equal(await client.findStudy('1.2.3' as StudyInstanceUID), undefined);
  });
});
