import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { messagesSettings, type MessageRule } from '../../src/config/messages.js';
import { checkMessageRules } from '../../src/messages/check-rules.js';
import { isWithinHours, parseHoursOfDay } from '../../src/jobs/hours-of-day.js';
import { readsImages, selectedBy, type RuleSubject } from '../../src/messages/message-rules.js';
import type { RecordedFinding } from '../../src/store/schema.js';
import { isFault } from '../support/fault.js';

const channels = [{ name: 'ris', webhook: { url: 'https://a' } }];
const ruleOf = (given: object): MessageRule => messagesSettings.parse({ channels, rules: [{ channel: 'ris', ...given }] }).rules[0]!;

const finding = (name: string, probability: number, decision: RecordedFinding['decision']): RecordedFinding => ({
  name,
  code: '1',
  scheme: 'SCT',
  meaning: name,
  probability,
  decision,
});
const subject: RuleSubject = {
  outcome: 'reported',
  findings: [finding('pneumothorax', 0.9, 'present'), finding('pneumonia', 0.4, 'undetermined'), finding('effusion', 0.1, 'absent')],
  createdAt: new Date('2026-03-01T21:30:00Z'),
  timeZone: 'Europe/Berlin',
  sites: ['St. Mary, Emergency', 'XR-ROOM-2'],
  studyDate: '20260227',
};
const failed: RuleSubject = { ...subject, outcome: 'failed', findings: [] };

describe('which results a rule selects, and because of which findings', () => {
  const cases: readonly (readonly [object, readonly string[] | undefined])[] = [
    [{}, ['pneumothorax']],
    [{ findings: ['pneumothorax', 'pneumonia'] }, ['pneumothorax']],
    [{ findings: ['pneumonia'] }, undefined],
    [{ findings: ['pneumonia'], decision: 'undetermined' }, ['pneumonia']],
    [{ decision: 'absent' }, ['effusion']],
    [{ decision: 'any' }, ['pneumothorax', 'pneumonia', 'effusion']],
    [{ decision: 'any', probabilityFrom: 0.4 }, ['pneumothorax', 'pneumonia']],
    [{ probabilityFrom: 0.9 }, ['pneumothorax']],
    [{ probabilityFrom: 0.91 }, undefined],
    [{ site: 'st. mary*' }, ['pneumothorax']],
    [{ site: ['elsewhere', 'XR-ROOM-*'] }, ['pneumothorax']],
    [{ site: '/room-[13]$/' }, undefined],
    // 22:30 in Berlin.
    [{ hours: '20-06' }, ['pneumothorax']],
    [{ hours: '21-22' }, undefined],
    [{ hours: '22:30-22:31' }, ['pneumothorax']],
    [{ hours: '06-22:30' }, undefined],
    [{ maxStudyAgeDays: 2 }, ['pneumothorax']],
    [{ maxStudyAgeDays: 1 }, undefined],
    [{ outcome: 'failed' }, undefined],
  ];
  for (const [given, selected] of cases) test(JSON.stringify(given), () => assert.deepEqual(selectedBy(ruleOf(given), subject), selected));

  test('failures, by site and hour', () => {
    assert.deepEqual(selectedBy(ruleOf({ outcome: 'failed' }), failed), []);
    assert.equal(selectedBy(ruleOf({}), failed), undefined);
    assert.equal(selectedBy(ruleOf({ outcome: 'failed', site: 'elsewhere' }), failed), undefined);
  });

  test('images without a Study Date count as new, and a skip is selected by no rule', () => {
    assert.deepEqual(selectedBy(ruleOf({ maxStudyAgeDays: 0 }), { ...subject, studyDate: undefined }), ['pneumothorax']);
    for (const given of [{}, { decision: 'any' }, { outcome: 'failed' }])
      assert.equal(selectedBy(ruleOf(given), { ...subject, outcome: 'skipped' }), undefined);
  });

  test('the PACS is asked only for rules that name a site or an age', () => {
    assert.deepEqual(
      [{}, { hours: '20-06' }, { site: 'a' }, { maxStudyAgeDays: 1 }].map((one) => readsImages(ruleOf(one))),
      [false, false, true, true],
    );
  });
});

test('hours: the first is included, the second is not, and they may pass midnight; also on the days on which clocks are changed', () => {
  const at = (time: string): Date => new Date(`2026-06-01T${time}:00Z`);
  const isWithin = (hours: string, moment: Date, zone = 'UTC'): boolean => isWithinHours(moment, parseHoursOfDay(hours), zone);
  const within = (hours: string): readonly string[] =>
    ['00:00', '05:59', '06:00', '19:59', '20:00', '23:59'].filter((time) => isWithin(hours, at(time)));
  assert.deepEqual(within('20-06'), ['00:00', '05:59', '20:00', '23:59']);
  assert.deepEqual(within('06-20'), ['06:00', '19:59']);
  assert.deepEqual(within('20-24'), ['20:00', '23:59']);
  assert.equal(within('00-24').length, 6);
  assert.equal(within('08-08').length, 6, 'the whole day');
  // 02:30 does not exist in Berlin on 29 March 2026: 01:30 UTC is 03:30.
  assert.equal(isWithin('03-04', new Date('2026-03-29T01:30:00Z'), 'Europe/Berlin'), true);
  assert.equal(isWithin('02-03', new Date('2026-03-29T01:30:00Z'), 'Europe/Berlin'), false);
  // 02:30 happens twice on 25 October 2026.
  for (const time of ['00:30', '01:30']) assert.equal(isWithin('02-03', new Date(`2026-10-25T${time}:00Z`), 'Europe/Berlin'), true);
});

test('an unknown finding is refused with the nearest, and so is a pattern that cannot be read', () => {
  const known = { pneumothorax: {}, pneumonia: {} };
  const check = (given: object): void => checkMessageRules({ rules: [ruleOf({}), ruleOf(given)] }, known);
  check({ findings: ['pneumonia'], site: ['a*', '/b$/'] });
  assert.throws(
    () => check({ findings: ['pneumotorax'] }),
    isFault('config-invalid', { detail: /messages\.rules\.1\.findings: .*"pneumotorax" \(did you mean "pneumothorax"\?\)/ }),
  );
  assert.throws(() => check({ findings: ['toString'] }), isFault('config-invalid', { detail: /found "toString"$/ }));
  assert.throws(() => check({ site: '/(a/' }), isFault('config-invalid', { detail: /messages\.rules\.1\.site: .*"\/\(a\/"/ }));
});
