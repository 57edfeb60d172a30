import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { SOPInstanceUID } from '../../src/dicom/uid.js';
import { planQueue } from '../../src/messages/queues.js';
import { signatureOf } from '../../src/messages/webhook-channel.js';
import type { RunningService } from '../../src/service/start-service.js';
import type { MessageRow } from '../../src/store/messages.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { startWebhookReceiver, type HookAnswer, type WebhookReceiver } from '../support/webhook-receiver.js';

const secret = 'a secret of this test';
const patience = { timeoutMs: 60_000, intervalMs: 100 };

describe('webhooks about results', () => {
  let receiver: WebhookReceiver;
  let service: RunningService;
  after(async () => {
    await service?.stop();
    await receiver?.close();
  });
  const pacs = useOrthanc();
  const messages = (): unknown => ({
    channels: [
      { name: 'ris', webhook: { url: `${receiver.url}/ris?site=1`, plainHttp: true, secret, timeoutMs: 4_000 } },
      { name: 'with-patient', webhook: { url: `${receiver.url}/patient`, plainHttp: true, secret }, patient: ['id', 'name'] },
    ],
    rules: [
      { channel: 'ris', decision: 'any', site: 'SITE OF MESSAGES*' },
      { channel: 'with-patient', decision: 'any', site: '/^with patient$/' },
    ],
  });
  before(async () => {
    receiver = await startWebhookReceiver();
    service = await startTestService(pacs.orthanc, { messages: messages() });
  });
  afterEach(() => receiver.answerAll(204));

  const messagesOf = (uid: string): Promise<readonly MessageRow[]> => service.store.messages.ofStudy(uid);
  const accepted = (uid: string, n = 1): Promise<readonly MessageRow[]> =>
    eventually(
      `${n} messages of ${uid} are accepted`,
      async () => {
        const rows = await messagesOf(uid);
        assert.deepEqual(
          rows.map(({ state }) => state),
          Array.from({ length: n }, () => 'accepted'),
        );
        return rows;
      },
      patience,
    );
  const site = { InstitutionName: 'Site of messages, north' };

  test('a result is sent once, signed, with UIDs and accession number and without the patient', async () => {
    const { studyInstanceUID, files } = chestStudy('message', [{ attributes: { ...site, AccessionNumber: 'A-17' } }]);
    await sendByCStore(files, pacs.orthanc);
    const [row] = await accepted(studyInstanceUID);
    const [hook, ...others] = receiver.of(studyInstanceUID);
    assert.deepEqual(others, []);
    assert.equal(hook!.path, '/ris?site=1');
    assert.equal(hook!.key, row!.messageId);
    assert.equal(hook!.key.length, 20);
    assert.equal(hook!.headers['x-chest-ai-signature'], signatureOf(secret, String(hook!.headers['x-chest-ai-timestamp']), hook!.body));
    const { study, result, isTest } = hook!.json;
    const current = await service.store.results.currentResult(studyInstanceUID);
    assert.equal(isTest, false);
    assert.deepEqual(study, {
      studyInstanceUID,
      accessionNumber: 'A-17',
      date: '20260102',
      time: '101112',
      modality: 'CR',
      procedure: { value: '30745-4', scheme: 'LN', meaning: 'XR Chest Views' },
      patient: {},
    });
    assert.deepEqual([result.resultId, result.outcome, result.isCorrection], [current!.resultId, 'reported', false]);
    assert.deepEqual(
      result.findings.map(({ name, probability, decision, concept }) => ({ name, probability, decision, code: concept.value })),
      // As the document states it: in %, to one decimal.
      current!.findings.map(({ name, probability, decision, code }) => ({
        name,
        probability: Number(probability.toFixed(3)),
        decision,
        code,
      })),
    );
    assert.deepEqual(result.documents.map((one) => one.sopInstanceUID).sort(), current!.documents.map((one) => one.sopInstanceUID).sort());
    assert.deepEqual([result.model.version, result.model.deviceUID], [service.model.version, service.model.deviceUID]);
    assert.doesNotMatch(hook!.body, /PHANTOM|TEST-message/);
  });

  const eventuallyStates = (uid: string, states: readonly MessageRow['state'][]): Promise<readonly MessageRow[]> =>
    eventually(
      `messages of ${uid}: ${states.join(', ')}`,
      async () => {
        const rows = await messagesOf(uid);
        assert.deepEqual(
          rows.map(({ state }) => state),
          states,
        );
        return rows;
      },
      patience,
    );
  const auditOf = async (uid: string): Promise<readonly unknown[]> =>
    (await service.store.audit.list({ action: 'message.send', limit: 1_000 }))
      .map(({ actor, subject }) => ({ actor, ...(JSON.parse(subject) as Record<string, unknown>) }))
      .filter((one) => 'studyInstanceUID' in one && one.studyInstanceUID === uid);
  async function removeInstances(files: readonly Uint8Array[]): Promise<void> {
    const uids = files.map((file) => textOf(readPart10(file).dataSet, 'SOPInstanceUID') as SOPInstanceUID);
    for (const id of await pacs.client.instanceIdsOf(uids)) await orthancRequest(pacs.endpoint, 'DELETE', `/instances/${id}`);
  }

  test('a channel carries those attributes of the patient that its setting names, and no others', async () => {
    const attributes = {
      InstitutionName: 'with patient',
      PatientName: 'DOE^JANE',
      PatientBirthDate: '19800101',
      IssuerOfPatientID: 'HOSPITAL',
    };
    const { studyInstanceUID, files } = chestStudy('message with patient', [{ attributes }]);
    await sendByCStore(files, pacs.orthanc);
    await accepted(studyInstanceUID);
    const [hook, ...others] = receiver.of(studyInstanceUID);
    assert.deepEqual(others, []);
    assert.equal(hook!.path, '/patient');
    assert.deepEqual(hook!.json.study.patient, { id: 'TEST-message with patient', issuer: 'HOSPITAL', name: 'DOE^JANE' });
    const { rows } = await service.store.sql.query({ text: 'SELECT * FROM chest_ai.message' });
    assert.doesNotMatch(JSON.stringify(rows), /DOE|JANE|TEST-message/i);
    assert.doesNotMatch(JSON.stringify(await service.store.audit.list({ limit: 1_000 })), /DOE|JANE|TEST-message/i);
  });

  test('a result that no rule selects is not sent', async () => {
    const [chosen, other] = [chestStudy('message of the site', [{ attributes: site }]), chestStudy('message of another site')];
    await sendByCStore([...other.files, ...chosen.files], pacs.orthanc);
    await accepted(chosen.studyInstanceUID);
    await eventually('the other is planned', async () => {
      assert.ok(await service.store.results.currentResult(other.studyInstanceUID));
      const plans = (await service.jobs.stats()).find(({ queue }) => queue === planQueue.name);
      assert.equal((plans?.waiting ?? 0) + (plans?.active ?? 0) + (plans?.retrying ?? 0), 0);
    });
    assert.deepEqual(await messagesOf(other.studyInstanceUID), []);
    assert.deepEqual(receiver.of(other.studyInstanceUID), []);
  });

  test('a receiver that answers 503 with Retry-After is asked again when that time is over, and not earlier', async () => {
    const askedAt: number[] = [];
    const later: HookAnswer = (response) => {
      askedAt.push(performance.now());
      response.writeHead(503, { 'Retry-After': '6' }).end();
    };
    const now: HookAnswer = (response) => {
      askedAt.push(performance.now());
      response.writeHead(204).end();
    };
    receiver.answer(later, now);
    const { studyInstanceUID, files } = chestStudy('message that is to wait', [{ attributes: site }]);
    await sendByCStore(files, pacs.orthanc);
    await accepted(studyInstanceUID);
    const [first, second] = askedAt as [number, number];
    // Without the header it would be asked again after a second.
    assert.ok(second - first >= 5_900, `${second - first} ms`);
  });

  const closing: HookAnswer = (response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('only a beginning', () => response.destroy());
  };
  const failures: readonly (readonly [string, HookAnswer])[] = [
    ['HTTP 500', 500],
    ['HTTP 429', 429],
    ['nothing', () => undefined],
    ['a connection that is closed at once', (response) => void response.destroy()],
    ['an answer that ends in its middle', closing],
    ['something that is not HTTP', (response) => void response.socket!.end('hello\r\n\r\n')],
  ];
  test(`a receiver that answers ${failures.map(([name]) => name).join(', then ')}, gets the same message until it accepts it`, async () => {
    receiver.answer(...failures.map(([, answer]) => answer));
    const { studyInstanceUID, files } = chestStudy('message to a receiver that fails', [{ attributes: site }]);
    await sendByCStore(files, pacs.orthanc);
    await eventually(
      'the channel is failing',
      async () => {
        const [row] = await messagesOf(studyInstanceUID);
        assert.deepEqual([row?.state, row?.code], ['failing', 'channel-unavailable']);
      },
      patience,
    );
    const [row] = await eventually('the receiver accepts it', () => accepted(studyInstanceUID), { timeoutMs: 120_000 });
    const hooks = receiver.of(studyInstanceUID);
    assert.equal(hooks.length, failures.length + 1);
    assert.deepEqual([...new Set(hooks.map(({ key }) => key))], [row!.messageId]);
    assert.equal(new Set(hooks.map(({ body }) => body)).size, 1, 'the same content');
    assert.equal(row!.attempts, hooks.length);
    assert.deepEqual(await auditOf(studyInstanceUID), [
      { actor: 'service', channel: 'ris', correction: false, message: row!.messageId, studyInstanceUID },
    ]);
  });

  for (const [name, answer, reason] of [
    ['refuses with HTTP 400', 400, /HTTP 400, expected 2xx/],
    [
      'redirects elsewhere',
      (response) => void response.writeHead(307, { Location: `${receiver.url}/elsewhere` }).end(),
      /HTTP 307: redirects are not followed/,
    ],
  ] as const satisfies readonly (readonly [string, HookAnswer, RegExp])[])
    test(`a receiver that ${name}: the message needs attention, and is sent again when a user retries it`, async () => {
      receiver.answerAll(answer);
      const { studyInstanceUID, files } = chestStudy(`message ${name}`, [{ attributes: site }]);
      await sendByCStore(files, pacs.orthanc);
      const [row] = await eventuallyStates(studyInstanceUID, ['refused']);
      assert.deepEqual([row!.code, row!.attempts], ['message-refused', 1]);
      assert.match(row!.reason ?? '', reason);
      const failed = await eventually('the job has failed', async () => {
        const found = (await service.jobs.failedJobs()).find(
          ({ payload }) => (payload as { messageId?: string }).messageId === row!.messageId,
        );
        assert.ok(found);
        return found;
      });
      assert.equal(failed.failure.code, 'message-refused');
      assert.deepEqual(await auditOf(studyInstanceUID), []);
      receiver.answerAll(204);
      assert.equal(await service.jobs.retryFailedJob(failed.id), true);
      await accepted(studyInstanceUID);
      assert.deepEqual(
        receiver.of(studyInstanceUID).map(({ key }) => key),
        [row!.messageId, row!.messageId],
      );
      assert.equal(receiver.received.filter(({ path }) => path === '/elsewhere').length, 0);
    });

  test('images are added, then all are deleted: each result corrects the one before, even what the rule no longer selects', async () => {
    const { studyInstanceUID, files } = chestStudy('message corrected', [
      { attributes: { ...site, AccessionNumber: 'A-18' } },
      { number: 2, attributes: { ...site, AccessionNumber: 'A-18' } },
    ]);
    await sendByCStore([files[0]!], pacs.orthanc);
    await accepted(studyInstanceUID);
    await sendByCStore([files[1]!], pacs.orthanc);
    await accepted(studyInstanceUID, 2);
    await removeInstances(files);
    await accepted(studyInstanceUID, 3);
    const hooks = receiver.of(studyInstanceUID).map(({ json }) => json);
    assert.deepEqual(
      hooks.map(({ result }) => [result.outcome, result.isCorrection, result.findings.length > 0]),
      [
        ['reported', false, true],
        ['reported', true, true],
        ['skipped', true, false],
      ],
    );
    const study = hooks.map((one) => one.study);
    assert.deepEqual([study[2]!.accessionNumber, study[2]!.modality], ['A-18', 'CR'], 'from our document');
    assert.match(hooks[2]!.result.reason ?? '', /\w/);
    assert.equal(new Set(hooks.map(({ messageId }) => messageId)).size, 3);
  });

  test('a result that is replaced before the receiver accepts it is not sent any more; as it may have arrived, its successor is a correction', async () => {
    receiver.answerAll(503);
    const { studyInstanceUID, files } = chestStudy('message superseded', [{ attributes: site }, { number: 2, attributes: site }]);
    await sendByCStore([files[0]!], pacs.orthanc);
    await eventuallyStates(studyInstanceUID, ['failing']);
    await sendByCStore([files[1]!], pacs.orthanc);
    const [first, second] = await eventually(
      'the second is planned',
      async () => {
        const rows = await messagesOf(studyInstanceUID);
        assert.deepEqual([rows.length, rows[0]!.state, rows[0]!.code], [2, 'closed', 'superseded']);
        return rows;
      },
      patience,
    );
    receiver.answerAll(204);
    await eventually('the second is accepted', async () => assert.equal((await messagesOf(studyInstanceUID))[1]!.state, 'accepted'), {
      timeoutMs: 120_000,
    });
    assert.equal(second!.isCorrection, true);
    const last = receiver.of(studyInstanceUID).at(-1)!;
    assert.deepEqual([last.key, last.json.result.isCorrection], [second!.messageId, true]);
    assert.equal((await service.store.messages.find(first!.messageId))!.state, 'closed');
    assert.ok(receiver.of(studyInstanceUID).filter(({ key }) => key === second!.messageId).length >= 1);
    assert.deepEqual((await auditOf(studyInstanceUID)).length, 1);
  });

  test('a study that is deleted before the receiver accepts its message: nothing more is sent, and the message is closed', async () => {
    receiver.answerAll(503);
    const { studyInstanceUID, files } = chestStudy('message of a deleted study', [{ attributes: site }]);
    await sendByCStore(files, pacs.orthanc);
    await eventuallyStates(studyInstanceUID, ['failing']);
    const id = (await service.store.studies.find(studyInstanceUID))!.orthancId;
    await orthancRequest(pacs.endpoint, 'DELETE', `/studies/${id}`);
    await eventually(
      'the study has left the index',
      async () => assert.equal(await service.store.results.currentResult(studyInstanceUID), undefined),
      patience,
    );
    const sent = receiver.of(studyInstanceUID).length;
    receiver.answerAll(204);
    const [row] = await eventuallyStates(studyInstanceUID, ['closed']);
    assert.equal(row!.code, 'study-deleted');
    const after = receiver.of(studyInstanceUID).length;
    assert.ok(after <= sent + 1, 'one request may have been under way');
    assert.deepEqual(await auditOf(studyInstanceUID), []);
  });

  test('planning a study again sends nothing; with an empty database the same result has the same id', async () => {
    const { studyInstanceUID, files } = chestStudy('message planned again', [{ attributes: site }]);
    await sendByCStore(files, pacs.orthanc);
    const [row] = await accepted(studyInstanceUID);
    await service.jobs.send(planQueue, { studyInstanceUID }, { key: studyInstanceUID });
    await eventually('the plan is done', async () => {
      const plans = (await service.jobs.stats()).find(({ queue }) => queue === planQueue.name);
      assert.equal((plans?.waiting ?? 0) + (plans?.active ?? 0), 0);
    });
    assert.equal(receiver.of(studyInstanceUID).length, 1);
    const other = await startTestService(pacs.orthanc, { messages: messages() });
    try {
      await eventually('the documents are adopted', () => assert.equal(receiver.of(studyInstanceUID).length, 2), patience);
    } finally {
      await other.stop();
    }
    assert.deepEqual(
      receiver.of(studyInstanceUID).map(({ key }) => key),
      [row!.messageId, row!.messageId],
    );
    const [one, again] = receiver.of(studyInstanceUID).map(({ json: { writtenAt: _writtenAt, ...rest } }) => rest);
    assert.deepEqual(again, one);
  });
});
