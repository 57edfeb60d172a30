import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { messagesSettings } from '../../src/config/messages.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { planMessages, sendMessage } from '../../src/messages/message-story.js';
import type { Channel, MessageJob, MessagePorts, ResultMessage } from '../../src/messages/ports.js';
import type { Store } from '../../src/store/store.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { isFault } from '../support/fault.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

/* The order of the steps, on a real database: what happens where two of them meet. */

const [backend] = storeBackends();
/** Each test has a study of its own. */
let studyNumber = 0;
let studyInstanceUID = '';
const image = {
  SOPInstanceUID: '1.2.3.4',
  Modality: 'DX',
  PatientName: 'DOE^JANE',
  StudyTime: '0915',
  TimezoneOffsetFromUTC: '+0100',
};

describe('the message story', () => {
  let store: Store;
  let queued: MessageJob[];
  let sent: ResultMessage[];
  /** What happens while the receiver has the message. */
  let receive: () => Promise<string | undefined>;
  let metadata: readonly object[] | Fault;
  let ports: MessagePorts;
  const { signal } = new AbortController();
  before(async () => void (store = await openEmptyStore(backend!)));
  after(async () => {
    await store?.close();
    await backend!.stop();
  });

  beforeEach(async () => {
    studyInstanceUID = `1.2.${++studyNumber}`;
    queued = [];
    sent = [];
    receive = async () => undefined;
    metadata = [image];
    const channel: Channel = {
      name: 'ris',
      kind: 'webhook',
      async send(message) {
        sent.push(message);
        return receive();
      },
      reach: async () => 'there',
    };
    ports = {
      pacs: {
        retrieveStudyMetadata: async () => {
          if (metadata instanceof Fault) throw metadata;
          return metadata as never;
        },
      },
      results: store.results,
      messages: store.messages,
      settings: messagesSettings.parse({ channels: [{ name: 'ris', webhook: { url: 'https://a' } }], rules: [{ channel: 'ris' }] }),
      timeZone: 'UTC',
      send: async (job) => void queued.push(job),
      channels: new Map([['ris', channel]]),
      audit: openAuditLog(store.audit, silentLog),
      log: silentLog,
      termsOf: () => undefined,
      procedureReported: () => ({ value: '30745-4', scheme: 'LN', meaning: 'XR Chest Views' }),
      model: () => ({ manufacturer: 'm', name: 'n', version: 'v', deviceUID: '1.9' }),
      publicUrl: 'https://chest-ai.hospital.example',
    };
    await index('first', 'present');
  });

  const index = (resultId: string, decision: 'present' | 'absent'): Promise<unknown> =>
    store.results.recordResult({
      resultId: `${resultId} of ${studyInstanceUID}`,
      studyInstanceUID,
      outcome: 'reported',
      inputKey: resultId,
      findings: [{ name: 'pneumothorax', code: '36118008', scheme: 'SCT', meaning: 'Pneumothorax', probability: 0.9, decision }],
    });
  const plan = (): Promise<void> => planMessages({ studyInstanceUID }, ports);
  const send = (at = -1): Promise<void> => sendMessage(queued.at(at)!, ports, signal);
  const states = async (): Promise<readonly string[]> =>
    (await store.messages.ofStudy(studyInstanceUID)).map(({ state, code, isCorrection }) =>
      [state, code, isCorrection && 'correction'].filter(Boolean).join(' '),
    );
  const entries = async (): Promise<readonly unknown[]> =>
    (await store.audit.list({}))
      .filter(({ subject }) => subject.includes(`"${studyInstanceUID}"`))
      .map(({ actor, action, outcome, subject }) => ({
        actor,
        action,
        outcome,
        ...(JSON.parse(subject) as object),
      }));

  test('planned, sent, accepted, on record; the job holds no attribute of the patient', async () => {
    receive = async () => 'ORDER-17';
    await plan();
    await plan();
    assert.equal(queued.length, 1, 'one job, however often it is planned');
    assert.deepEqual(Object.keys(queued[0]!), ['messageId', 'channel', 'studyInstanceUID']);
    await send();
    assert.deepEqual(await states(), ['accepted']);
    const [message] = sent;
    assert.deepEqual(
      [message!.study.patient, message!.study.time, message!.study.utcOffset, message!.study.modality, message!.pageUrl],
      [{}, '091500', '+0100', 'DX', `https://chest-ai.hospital.example/study/${studyInstanceUID}`],
    );
    assert.equal(message!.result.findings[0]!.wording, 'appearance compatible with pneumothorax');
    assert.deepEqual(message!.result.model, { manufacturer: 'm', name: 'n', version: 'v', deviceUID: '1.9' });
    assert.deepEqual(await entries(), [
      {
        actor: 'service',
        action: 'message.send',
        outcome: 'done',
        channel: 'ris',
        correction: false,
        message: message!.messageId,
        reference: 'ORDER-17',
        studyInstanceUID,
      },
    ]);
    await send();
    assert.equal(sent.length, 1, 'a job that runs once more');
  });

  test('a message that was planned before its job was queued is queued when planning is repeated', async () => {
    await planMessages({ studyInstanceUID }, { ...ports, send: () => Promise.reject(new Fault('database-unavailable', 'a test')) }).catch(
      () => undefined,
    );
    assert.deepEqual([queued.length, await states()], [0, ['waiting']]);
    await plan();
    await send();
    assert.deepEqual([sent.length, await states()], [1, ['accepted']]);
  });

  test('a result that is replaced before it is sent is not sent; its successor is no correction', async () => {
    await plan();
    await index('second', 'present');
    await send();
    assert.deepEqual([sent.length, await states()], [0, ['closed superseded']]);
    await plan();
    await send();
    assert.deepEqual(
      [sent.map(({ result }) => [result.resultId.split(' ')[0], result.isCorrection]), await states()],
      [[['second', false]], ['closed superseded', 'accepted']],
    );
  });

  test('a result that is replaced between planning and sending, and whose successor is negative: nothing is sent', async () => {
    await plan();
    await index('second', 'absent');
    await plan();
    await send(0);
    assert.deepEqual([sent.length, queued.length, await states()], [0, 1, ['closed superseded']]);
  });

  test('a result that is replaced while it is being sent: the successor is a correction, also if it is negative', async () => {
    await plan();
    receive = async () => {
      await index('second', 'absent');
      await plan();
      return undefined;
    };
    await send();
    receive = async () => undefined;
    await send();
    assert.deepEqual(
      sent.map(({ result }) => [result.resultId.split(' ')[0], result.isCorrection]),
      [
        ['first', false],
        ['second', true],
      ],
    );
    assert.deepEqual(await states(), ['accepted', 'accepted correction']);
  });

  test('an attempt that fails after the message was replaced leaves it closed', async () => {
    await plan();
    receive = async () => {
      await index('second', 'absent');
      await plan();
      throw new Fault('channel-unavailable', 'no answer');
    };
    await assert.rejects(send(), isFault('channel-unavailable'));
    assert.deepEqual(await states(), ['closed superseded', 'waiting correction']);
  });

  test('a study that is deleted: by the index, or by the PACS alone, nothing is sent', async () => {
    await plan();
    metadata = new Fault('pacs-not-found', 'a test');
    await send();
    assert.deepEqual([sent.length, await states()], [0, ['closed study-deleted']]);
    await store.studies.forget(studyInstanceUID);
    await plan();
    assert.equal(queued.length, 1, 'no result, no message');
    metadata = [image];
    await index('first', 'present');
    await plan();
    await send();
    assert.deepEqual(
      [sent.length, await states(), new Set(queued.map(({ messageId }) => messageId)).size],
      [1, ['accepted'], 1],
      'sent again, it is the same message',
    );
  });

  test('a PACS that does not answer: the message fails, and counts as never sent', async () => {
    await plan();
    metadata = new Fault('pacs-unreachable', 'a test');
    await assert.rejects(send(), isFault('pacs-unreachable'));
    assert.deepEqual(await states(), ['failing pacs-unreachable']);
    assert.equal((await store.messages.ofStudy(studyInstanceUID))[0]!.attempts, 0);
  });

  test('a channel that the settings no longer name: the message needs attention', async () => {
    await plan();
    ports = { ...ports, channels: new Map() };
    await assert.rejects(send(), isFault('config-invalid', { detail: /expected the channel "ris"/ }));
    assert.deepEqual(await states(), ['refused config-invalid']);
  });

  test('an audit log that cannot be written: the message is sent again later, with the same id', async () => {
    await plan();
    const { audit } = ports;
    ports = { ...ports, audit: { record: () => Promise.reject(new Fault('database-unavailable', 'a test')) } };
    await assert.rejects(send(), isFault('database-unavailable'));
    ports = { ...ports, audit };
    await send();
    assert.deepEqual(
      [sent.length, sent[0]!.messageId === sent[1]!.messageId, await states(), (await entries()).length],
      [2, true, ['accepted'], 1],
    );
  });
});
