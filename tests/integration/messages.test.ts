import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signatureOf } from '../../src/messages/webhook-channel.js';
import type { RunningService } from '../../src/service/start-service.js';
import type { MessageRow } from '../../src/store/messages.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

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
  before(async () => {
    receiver = await startWebhookReceiver();
    service = await startTestService(pacs.orthanc, {
      messages: {
        channels: [
          { name: 'ris', webhook: { url: `${receiver.url}/ris?site=1`, plainHttp: true, secret, timeoutMs: 1_500 } },
          { name: 'with-patient', webhook: { url: `${receiver.url}/patient`, plainHttp: true, secret }, patient: ['id', 'name'] },
        ],
        rules: [
          { channel: 'ris', decision: 'any', site: 'SITE OF MESSAGES*' },
          { channel: 'with-patient', decision: 'any', site: '/^with patient$/' },
        ],
      },
    });
  });

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
      current!.findings.map(({ name, probability, decision, code }) => ({ name, probability, decision, code })),
    );
    assert.deepEqual(result.documents.map((one) => one.sopInstanceUID).sort(), current!.documents.map((one) => one.sopInstanceUID).sort());
    assert.deepEqual([result.model.version, result.model.deviceUID], [service.model.version, service.model.deviceUID]);
    assert.doesNotMatch(hook!.body, /PHANTOM|TEST-message/);
  });
});
