import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesSettings } from '../../src/config/messages.js';
import { chooseMessages } from '../../src/messages/choose-messages.js';
import { messageIdOf, testMessageId } from '../../src/messages/message-id.js';
import type { RuleSubject } from '../../src/messages/message-rules.js';
import type { MessageRow } from '../../src/store/messages.js';

const settings = messagesSettings.parse({
  channels: [
    { name: 'ris', webhook: { url: 'https://a' } },
    { name: 'phone', webhook: { url: 'https://a' } },
  ],
  rules: [{ channel: 'ris' }, { channel: 'ris', findings: ['pneumonia'], decision: 'any' }],
});
const subjectOf = (decision: 'present' | 'absent'): RuleSubject => ({
  outcome: 'reported',
  findings: [{ name: 'pneumothorax', code: '1', scheme: 'SCT', meaning: 'Pneumothorax', probability: 0.5, decision }],
  createdAt: new Date(),
  timeZone: 'UTC',
  sites: [],
  studyDate: undefined,
});
const positive = subjectOf('present');
const negative = subjectOf('absent');

let number = 0;
const row = (resultId: string, state: MessageRow['state'], attempts: number, channel = 'ris', isQueued = true): MessageRow => ({
  number: ++number,
  messageId: messageIdOf(channel, resultId, 0),
  channel,
  studyInstanceUID: '1.2',
  resultId,
  plannedAt: new Date(),
  isCorrection: false,
  isQueued,
  findings: ['pneumothorax'],
  state,
  changedAt: new Date(),
  attempts,
  code: null,
  reason: null,
  receiverReference: null,
});
const choose = (resultId: string, subject: RuleSubject, earlier: readonly MessageRow[]) =>
  chooseMessages({ resultId, studyInstanceUID: '1.2' }, subject, earlier, settings).map(({ action, message }) => ({
    action,
    channel: message.channel,
    id: message.messageId,
    correction: message.isCorrection,
  }));

test('a new result is planned for the channels whose rules select it, each finding once', () => {
  assert.deepEqual(choose('a', positive, []), [{ action: 'plan', channel: 'ris', id: messageIdOf('ris', 'a', 0), correction: false }]);
  assert.deepEqual(choose('a', negative, []), []);
  const [chosen] = chooseMessages({ resultId: 'a', studyInstanceUID: '1.2' }, positive, [], settings);
  assert.deepEqual(chosen!.message.findings, ['pneumothorax']);
});

test('planning may be repeated: what has no job gets one, what has one is not sent twice', () => {
  const id = messageIdOf('ris', 'a', 0);
  assert.deepEqual(choose('a', positive, [row('a', 'waiting', 0, 'ris', false)]), [
    { action: 'send', channel: 'ris', id, correction: false },
  ]);
  for (const state of ['waiting', 'failing', 'accepted', 'refused'] as const)
    assert.deepEqual(choose('a', positive, [row('a', state, 1)]), [], state);
  assert.deepEqual(choose('a', positive, [row('a', 'closed', 0)]), [{ action: 'reopen', channel: 'ris', id, correction: false }]);
});

test('what replaces a result that was sent, or may have been, is a correction, whatever the rules select now', () => {
  const id = messageIdOf('ris', 'b', 0);
  for (const subject of [positive, negative])
    for (const earlier of [row('a', 'accepted', 1), row('a', 'failing', 1), row('a', 'closed', 1), row('a', 'refused', 2)])
      assert.deepEqual(choose('b', subject, [earlier]), [{ action: 'plan', channel: 'ris', id, correction: true }]);
});

test('what was never sent, or was refused, needs no correction', () => {
  for (const earlier of [row('a', 'waiting', 0), row('a', 'closed', 0), row('a', 'refused', 1), row('a', 'accepted', 1, 'phone')]) {
    const ofRis = (subject: RuleSubject) => choose('b', subject, [earlier]).filter(({ channel }) => channel === 'ris');
    assert.deepEqual(ofRis(negative), []);
    assert.deepEqual(
      ofRis(positive).map(({ correction }) => correction),
      [false],
    );
  }
});

test('a result that is current again after another one was sent is sent again under another id', () => {
  const earlier = [row('a', 'accepted', 1), row('b', 'accepted', 1)];
  const [again, ...others] = choose('a', negative, earlier);
  assert.deepEqual(others, []);
  assert.deepEqual(again, { action: 'plan', channel: 'ris', id: messageIdOf('ris', 'a', 1), correction: true });
  assert.notEqual(again!.id, earlier[0]!.messageId);
  // The other one was closed unsent: the receiver still has this one.
  assert.deepEqual(choose('a', negative, [row('a', 'accepted', 1), row('b', 'closed', 0)]), []);
});

test('ids: 20 characters, of channel and result alone; those of tests differ each time', () => {
  assert.match(messageIdOf('ris', '2.25.1', 0), /^[0-9a-f]{20}$/);
  assert.equal(messageIdOf('ris', '2.25.1', 0), messageIdOf('ris', '2.25.1', 0));
  assert.equal(
    new Set([messageIdOf('ris', 'a', 0), messageIdOf('ris', 'a', 1), messageIdOf('ri', 'sa', 0), messageIdOf('ris', 'b', 0)]).size,
    4,
  );
  assert.match(testMessageId(), /^TEST[0-9a-f]{16}$/);
  assert.notEqual(testMessageId(), testMessageId());
});

test('a study of the archive that was analysed again is no news: only those who have its earlier result are sent the new one', () => {
  const again = (earlier: readonly MessageRow[]) =>
    chooseMessages({ resultId: 'b', studyInstanceUID: '1.2', isReanalysis: true }, positive, earlier, settings).map(
      ({ action, message: { channel, isCorrection } }) => [action, channel, isCorrection],
    );
  assert.deepEqual(again([]), []);
  assert.deepEqual(again([row('a', 'accepted', 1)]), [['plan', 'ris', true]]);
  // It was never sent, or refused at its only attempt.
  assert.deepEqual(again([row('a', 'closed', 0)]), []);
  assert.deepEqual(again([row('a', 'refused', 1)]), []);
  assert.deepEqual(again([row('a', 'accepted', 1, 'phone')]), [['plan', 'phone', true]]);
});
