import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadModelVersion } from '../../src/registry/model-version.js';
import type { RunningService } from '../../src/service/start-service.js';
import type { NewBackfill } from '../../src/store/backfills.js';
import { backfillActionsOf } from '../../src/archive/backfill-actions.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { silentLog } from '../../src/log.js';
import { archiveModelsOf } from '../../src/service/ports/archive-ports.js';
import { archiveStudies, filesOf } from '../support/archive-studies.js';
import { changedStarter } from '../support/changed-starter.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, startTestService } from '../support/service.js';
import { twoFindingModel } from '../support/two-finding-model.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const patience = { timeoutMs: 60_000 };
const reason = { by: 'test', why: 'test', at: new Date() };

describe('an analysis of the archive with a chosen model version', () => {
  let receiver: WebhookReceiver;
  let service: RunningService | undefined;
  after(async () => {
    await service?.stop();
    await receiver?.close();
  });
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('backfill-model');
  const [first, second, third] = archiveStudies(2019, 3);
  const studies = [first!, second!, third!];
  let champion = '';
  let newVersion = '';
  before(async () => {
    receiver = await startWebhookReceiver();
    const starter = await loadModelVersion(twoFindingModel);
    champion = starter.version;
    // Two studies get their result before any message is configured.
    await sendByCStore(filesOf([first!, second!]), pacs.orthanc);
    service = await startTestService(pacs.orthanc, { dataDir });
    for (const { studyInstanceUID } of [first!, second!]) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    newVersion = (await service.registry.add(changedStarter(starter, '2026-11-30'))).version;
    await service.stop();
    const messages = {
      channels: [{ name: 'ris', webhook: { url: `${receiver.url}/ris`, plainHttp: true, secret: 'a secret of this test' } }],
      rules: [{ channel: 'ris', decision: 'any' }],
    };
    service = await startTestService(pacs.orthanc, { dataDir, messages });
    await sendByCStore(third!.files, pacs.orthanc);
    await eventually('the receiver is told of the third study', () => assert.equal(receiver.received.length, 1), patience);
  });

  const actions = () =>
    backfillActionsOf(
      service!.store.backfills,
      openAuditLog(service!.store.audit, silentLog),
      service!.settings.routing,
      archiveModelsOf(service!.lines),
    );
  const range = { since: '2019-03-01', until: '2019-05-31', perHour: 100_000 };
  const finished = (id: number) =>
    eventually(
      'it is done',
      async () => {
        const row = (await service!.store.backfills.find(id))!;
        assert.equal(row.state, 'done', JSON.stringify(row));
        return [row.found, row.done, row.unchanged, row.skipped, row.failed, row.vanished];
      },
      patience,
    );
  const current = async (uid: string) => (await service!.store.results.currentResult(uid))!;

  test('only the deployed version writes documents: others are refused, with the way out', async () => {
    await assert.rejects(
      actions().start({ ...range, model: newVersion }, { actor: 'test' }),
      isFault('request-invalid', {
        detail: new RegExp(`expected model as the deployed version \\(${champion}\\).*found ${newVersion}; promote`),
      }),
    );
    await assert.rejects(
      actions().start({ ...range, model: 'ffffffffffff' }, { actor: 'test' }),
      isFault('request-invalid', { detail: /expected model as champion, challenger or one of 2 registered versions.*found ffffffffffff/ }),
    );
    // What has a result by this version stays as it is.
    const { id, model } = await actions().start({ ...range, model: 'champion' }, { actor: 'test' });
    assert.equal(model, champion);
    assert.deepEqual(await finished(id), [3, 0, 3, 0, 0, 0]);
  });

  test('each study gets a new current result that states why; nobody is told of it as news, and who read it stays', async () => {
    const { store, registry } = service!;
    await store.readings.markRead(first!.studyInstanceUID, 'anna', new Date());
    const readBefore = await Promise.all(studies.map(({ studyInstanceUID }) => store.readings.find(studyInstanceUID)));
    const before = await Promise.all(studies.map(({ studyInstanceUID }) => current(studyInstanceUID)));
    await registry.promote(newVersion, reason, champion);
    await eventually('the new version is deployed', () => assert.equal(service!.model.version, newVersion), patience);

    // Without a model the same content is not analysed again.
    assert.deepEqual(await finished((await actions().start(range, { actor: 'test' })).id), [3, 0, 3, 0, 0, 0]);
    const { id } = await actions().start({ ...range, model: newVersion.slice(0, 6) }, { actor: 'test' });
    assert.deepEqual(await finished(id), [3, 3, 0, 0, 0, 0]);
    for (const [place, { studyInstanceUID }] of studies.entries()) {
      const text = await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID, { total: 2 });
      assert.equal(text.report.algorithm.serialNumber, newVersion);
      const bytes = await pacs.dicomWeb.retrieveInstance(studyInstanceUID, text.reference.seriesInstanceUID, text.reference.sopInstanceUID);
      assert.match(Buffer.from(bytes).toString('latin1'), new RegExp(`The study was analysed again with model version ${newVersion}\\.`));
      const now = await current(studyInstanceUID);
      assert.deepEqual(
        [now.modelVersion, now.isReanalysis, now.predecessorResultId, now.inputKey],
        [newVersion, true, before[place]!.resultId, before[place]!.inputKey],
      );
    }
    const readAfter = await Promise.all(studies.map(({ studyInstanceUID }) => store.readings.find(studyInstanceUID)));
    for (const [place, row] of readAfter.entries()) {
      const { waits, waitingSince, reader, readAt } = readBefore[place]!;
      assert.deepEqual([row!.waits, row!.waitingSince, row!.reader, row!.readAt], [waits, waitingSince, reader, readAt]);
    }
    // The receiver of the earlier result gets a correction; the two others have never been announced, and are not now.
    await eventually('the correction is accepted', () => assert.equal(receiver.of(third!.studyInstanceUID).length, 2), patience);
    assert.equal(receiver.of(third!.studyInstanceUID)[1]!.json.result.model.version, newVersion);
    const rows = await store.messages.ofStudy(third!.studyInstanceUID);
    assert.deepEqual(
      rows.map(({ isCorrection }) => isCorrection),
      [false, true],
    );
    for (const { studyInstanceUID } of [first!, second!]) assert.deepEqual(await store.messages.ofStudy(studyInstanceUID), []);
    // Drift compares what arrives: a study that is analysed again is no part of that.
    assert.deepEqual(
      (await store.statistics.since(new Date(0))).filter(({ modelVersion }) => modelVersion === newVersion),
      [],
    );
    assert.deepEqual(await finished((await actions().start({ ...range, model: newVersion }, { actor: 'test' })).id), [3, 0, 3, 0, 0, 0]);
  });

  test('if another version is promoted meanwhile, the analysis waits and writes nothing', async () => {
    const { store, registry } = service!;
    await registry.promote(champion, reason, newVersion);
    await eventually('the former version is deployed', () => assert.equal(service!.model.version, champion), patience);
    const given: NewBackfill = {
      since: '20190301',
      until: '20190531',
      rule: null,
      model: newVersion,
      perHour: 100_000,
      hours: null,
      shadow: false,
      createdBy: 'test',
    };
    // As if it had been promoted after the start.
    const { id } = (await store.backfills.create(given, new Date()))!;
    // A study arrives, and several steps of the analysis pass until it is reported.
    const arrived = chestStudy('archive arrives', [{ attributes: { StudyDate: '20190520' } }]);
    await sendByCStore(arrived.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, arrived.studyInstanceUID);
    assert.equal((await current(arrived.studyInstanceUID)).modelVersion, champion);
    assert.deepEqual([(await store.backfills.find(id))!.state, (await store.backfills.find(id))!.found], ['running', 0]);
    await registry.promote(newVersion, reason, champion);
    assert.deepEqual(await finished(id), [4, 1, 3, 0, 0, 0], 'it continues when its version is deployed again');
    for (const { studyInstanceUID } of [...studies, arrived]) {
      const text = await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID, { total: 2 });
      assert.equal(text.report.algorithm.serialNumber, newVersion);
    }
  });
});
