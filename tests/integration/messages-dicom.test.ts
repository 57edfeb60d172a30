import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { conceptOf, textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import type { RunningService } from '../../src/service/start-service.js';
import { isKeyObjectSelection, isRejection, keyObjectSelection, selectedObjects } from '../../src/sr/key-object-selection.js';
import { chestStudy } from '../support/chest-study.js';
import { clientsOf, type Clients } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, withOrthanc, type TestOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, spawnService, startTestService, type SpawnedService } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';

/* Key object selections, to a second Orthanc that offers storage commitment, and to dcmtk's storescp, which does not. */

const patience = { timeoutMs: 120_000, intervalMs: 200 };
const patient = ['id', 'name', 'birthDate', 'sex'];
const uidOf = (one: DataSet): string => textOf(one, 'SOPInstanceUID') ?? '';

async function selectionsIn({ dicomWeb }: Clients, studyInstanceUID: StudyInstanceUID): Promise<readonly DataSet[]> {
  return (await dicomWeb.retrieveStudyMetadata(studyInstanceUID)).filter(isKeyObjectSelection);
}

describe('key object selections to a modality', () => {
  let pacs: TestOrthanc;
  let reader: RunningOrthanc;
  let readerClients: Clients;
  let storescp: ChildProcess | undefined;
  let service: RunningService | SpawnedService | undefined;
  let end = (): void => undefined;
  let closed: Promise<void> | undefined;
  const folder = temporaryDirectory('key-objects');
  const ports = { pacs: 0, reader: 0, readerHttp: 0, storescp: 0 };

  const startReader = async (): Promise<void> => {
    reader = await startPrivateOrthanc({
      directory: join(folder, 'reader'),
      dicomPort: ports.reader,
      httpPort: ports.readerHttp,
      aet: 'READER',
      credentials: { username: 'reader', password: 'reader' },
      modalities: { PACS: { aet: 'PACS', host: '127.0.0.1', port: ports.pacs } },
    });
    readerClients = clientsOf(reader);
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
    await startReader();
  });
  afterEach(async () => {
    const running = service;
    if (running) await ('kill' in running ? running.kill() : running.stop());
    service = undefined;
  });
  after(async () => {
    storescp?.kill();
    await reader?.stop();
    end();
    await closed;
  });

  const channelTo = (modality: string, more: object = {}) => ({ name: 'workstation', dicom: { modality, ...more }, patient });
  const started = async (channel: object): Promise<RunningService> => {
    const running = await startTestService(pacs.orthanc, {
      messages: {
        channels: [channel],
        rules: [{ channel: 'workstation', findings: ['pneumonia'], decision: 'present', probabilityFrom: 0.5 }],
      },
    } as never);
    service = running;
    return running;
  };
  const stop = async (): Promise<void> => {
    await (service as RunningService).stop();
    service = undefined;
  };
  const accepted = async (uid: string, count: number): Promise<readonly (string | null)[]> => {
    let references: readonly (string | null)[] = [];
    await eventually(
      `${count} accepted messages`,
      async () => {
        const rows = await (service as RunningService).store.messages.ofStudy(uid);
        assert.equal(rows.filter(({ state }) => state === 'accepted').length, count, JSON.stringify(rows));
        references = rows.map(({ receiverReference }) => receiverReference);
      },
      patience,
    );
    return references;
  };

  test('a selection in the study, at the modality with the documents, and the modality answers for it; a correction rejects it', async () => {
    const running = await started(channelTo('READER', { storageCommitment: 'required' }));
    const { studyInstanceUID, files } = chestStudy('key objects', [{}, { number: 2 }]);
    await sendByCStore(files, pacs.orthanc);
    const [reference] = await accepted(studyInstanceUID, 1);
    assert.match(reference!, /^selection 2\.25\.\d+, READER: storage committed$/);
    const [selection, ...others] = await selectionsIn(pacs, studyInstanceUID);
    assert.deepEqual(others, []);
    const result = (await running.store.results.currentResult(studyInstanceUID))!;
    const images = new Set(files.map((file) => uidOf(readPart10(file).dataSet)));
    const selected = selectedObjects(selection!).map(({ sopInstanceUID }) => sopInstanceUID as string);
    assert.ok(
      selected.some((uid) => images.has(uid)),
      'an image of the study',
    );
    assert.ok(
      selected.some((uid) => result.documents.some(({ sopInstanceUID }) => sopInstanceUID === uid)),
      'the text report',
    );
    assert.equal(conceptOf(selection!, 'ConceptNameCodeSequence')?.value, '113000');

    const file = await pacs.dicomWeb.retrieveInstance(
      studyInstanceUID,
      textOf(selection!, 'SeriesInstanceUID') as SeriesInstanceUID,
      uidOf(selection!) as SOPInstanceUID,
    );
    const { errors, warnings } = await validateDocument(file);
    assert.deepEqual([errors, warnings], [[], []]);
    const path = join(folder, 'selection.dcm');
    writeFileSync(path, file);
    const tree = execFileSync('dsrdump', ['+Pl', path]).toString();
    assert.match(tree, /Of Interest/);
    assert.match(tree, /Key Object Description[\s\S]*Present, [\d.]+ %: appearance compatible with pneumonia\.[\s\S]*not for diagnosis/);

    const there = (await readerClients.dicomWeb.retrieveStudyMetadata(studyInstanceUID)).map(uidOf);
    assert.deepEqual(
      new Set(there),
      new Set([uidOf(selection!), ...result.documents.map(({ sopInstanceUID }) => sopInstanceUID as string)]),
    );
    await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);

    const [deleted] = await pacs.client.instanceIdsOf([uidOf(readPart10(files[1]!).dataSet) as SOPInstanceUID]);
    await pacs.client.deleteInstance(deleted!);
    await accepted(studyInstanceUID, 2);
    const now = await selectionsIn(pacs, studyInstanceUID);
    const rejection = now.find(isRejection)!;
    assert.deepEqual(
      selectedObjects(rejection).map(({ sopInstanceUID, sopClassUID }) => [sopInstanceUID, sopClassUID]),
      [[uidOf(selection!), keyObjectSelection]],
    );
    assert.equal(now.length, 3, 'the first, its rejection, the one of the new result');
    assert.deepEqual(new Set((await selectionsIn(readerClients, studyInstanceUID)).map(uidOf)), new Set(now.map(uidOf)));
    const bytes = await pacs.dicomWeb.retrieveInstance(
      studyInstanceUID,
      textOf(rejection, 'SeriesInstanceUID') as SeriesInstanceUID,
      uidOf(rejection) as SOPInstanceUID,
    );
    assert.deepEqual((await validateDocument(bytes)).errors, []);
    assert.equal((await running.store.results.currentResult(studyInstanceUID))?.outcome, 'reported');
    await stop();
  });

  test('a modality that is down gets the selection when it is back', async () => {
    await reader.stop();
    const running = await started(channelTo('READER'));
    const { studyInstanceUID, files } = chestStudy('key objects later');
    await sendByCStore(files, pacs.orthanc);
    await eventually(
      'the message waits',
      async () => {
        const [row] = await running.store.messages.ofStudy(studyInstanceUID);
        assert.match(row?.reason ?? '', /modality READER/);
      },
      patience,
    );
    await startReader();
    await accepted(studyInstanceUID, 1);
    assert.equal((await selectionsIn(pacs, studyInstanceUID)).length, 1);
    assert.equal((await selectionsIn(readerClients, studyInstanceUID)).length, 1);
    await stop();
  });

  test('a modality without storage commitment: stored where it is wanted if offered, waiting where it is required', async () => {
    storescp = spawn('storescp', ['--output-directory', folder, String(ports.storescp)], { stdio: 'ignore' });
    const { studyInstanceUID, files } = chestStudy('key objects plain');
    await started(channelTo('PLAIN', { include: ['documents', 'images'] }));
    await eventually('storescp answers', () => pacs.client.echo('PLAIN'), patience);
    await sendByCStore(files, pacs.orthanc);
    const [reference] = await accepted(studyInstanceUID, 1);
    assert.match(reference!, /PLAIN: stored$/);
    await stop();

    const strict = await started(channelTo('PLAIN', { storageCommitment: 'required' }));
    const other = chestStudy('key objects strict');
    await sendByCStore(other.files, pacs.orthanc);
    await eventually(
      'the message waits',
      async () => {
        const [row] = await strict.store.messages.ofStudy(other.studyInstanceUID);
        assert.match(row?.reason ?? '', /storage commitment.*not offered/);
      },
      patience,
    );
    await stop();
  });

  test('without a modality the selection stays in Orthanc', async () => {
    await started({ name: 'workstation', dicom: {} });
    const { studyInstanceUID, files } = chestStudy('key objects here');
    await sendByCStore(files, pacs.orthanc);
    const [reference] = await accepted(studyInstanceUID, 1);
    assert.match(reference!, /^selection 2\.25\.\d+$/);
    assert.equal((await selectionsIn(pacs, studyInstanceUID)).length, 1);
    await stop();
  });

  for (const when of ['before', 'after'] as const)
    test(`kill -9 ${when} the modality has answered: one selection in the study and at the modality`, async () => {
      const proxy: FaultyProxy = await startFaultyProxy(pacs.orthanc);
      try {
        const configFile = join(folder, `killed-${when}.yaml`);
        writeFileSync(
          configFile,
          JSON.stringify({
            messages: { channels: [channelTo('READER')], rules: [{ channel: 'workstation', decision: 'any' }] },
            orthanc: { pollIntervalMs: 200, stabilityCheckMs: 300 },
          }),
        );
        const dataDir = temporaryDirectory(`key-objects-killed-${when}`);
        const start = (): Promise<SpawnedService> =>
          spawnService(pacs.orthanc, { url: proxy.url, dataDir, environment: { CONFIG_FILE: configFile, ENGINE: 'onnx-cpu' } });
        const victim = await start();
        service = victim;
        const { studyInstanceUID, files } = chestStudy(`key objects killed ${when}`);
        proxy.misbehave(
          { kind: 'trap', when, spring: () => void victim.process.kill('SIGKILL') },
          { only: /^POST \/modalities\/READER\/store/, times: 1 },
        );
        await sendByCStore(files, pacs.orthanc);
        await eventually('the service dies', () => assert.equal(victim.process.signalCode, 'SIGKILL'), patience);
        proxy.behave();
        const next = await start();
        service = next;
        await eventually(
          'the message is accepted',
          () => assert.match(next.output(), new RegExp(`a message was accepted.*${studyInstanceUID}`)),
          patience,
        );
        assert.equal((await selectionsIn(pacs, studyInstanceUID)).length, 1);
        assert.equal((await selectionsIn(readerClients, studyInstanceUID)).length, 1);
      } finally {
        await (service as SpawnedService | undefined)?.kill();
        service = undefined;
        await proxy.close();
      }
    });
});
