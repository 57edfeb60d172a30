import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResultLabelSettings } from '../../src/config.js';
import { resultLabelSettings } from '../../src/config/result-labels.js';
import { checkLabelNames, labelNames } from '../../src/result-labels/label-names.js';
import type { ResultState } from '../../src/result-labels/ports.js';
import { rejectedFindings, type ConsensusStatement } from '../../src/result-labels/rejected-findings.js';
import { labelChanges, nextChangeOf, wantedLabels } from '../../src/result-labels/wanted-labels.js';
import { isFault } from '../support/fault.js';

const settings = (given: Partial<ResultLabelSettings> = {}): ResultLabelSettings => ({ ...resultLabelSettings.parse({}), ...given });
const now = new Date('2026-11-30T12:00:00Z');
const later = new Date(now.getTime() + 60_000);
const earlier = new Date(now.getTime() - 60_000);
const known = ['pneumothorax', 'pneumonia', 'fracture', 'normal'];
const waiting = { waits: true, readAt: null, claimedUntil: null };
const findings = [
  { name: 'pneumothorax', decision: 'present' },
  { name: 'pneumonia', decision: 'present' },
  { name: 'fracture', decision: 'undetermined' },
  { name: 'normal', decision: 'absent' },
] as const;

function wanted(
  state: Partial<ResultState>,
  rejected: readonly string[] = [],
  given: Partial<ResultLabelSettings> = {},
): readonly string[] {
  const whole = { outcome: 'reported', findings, reading: waiting, ...state } as const;
  return wantedLabels(whole, new Set(rejected), labelNames(settings(given), known), now);
}

test('one label for each finding that is present, and one while the study waits to be read', () => {
  assert.deepEqual(wanted({}), ['ai-pneumothorax', 'ai-pneumonia', 'ai-unread']);
  assert.deepEqual(wanted({ findings: [] }), ['ai-unread']);
  assert.deepEqual(wanted({ outcome: undefined, reading: undefined }), [], 'no result, nothing to state');
});

test('a finding that a reader has rejected has no label', () => {
  assert.deepEqual(wanted({}, ['pneumonia']), ['ai-pneumothorax', 'ai-unread']);
});

test('a study is unread while it waits and nobody has claimed or read it', () => {
  const isUnread = (reading: Partial<typeof waiting> | { readonly [name: string]: unknown }): boolean =>
    wanted({ reading: { ...waiting, ...reading } as ResultState['reading'] }).includes('ai-unread');
  assert.equal(isUnread({ claimedUntil: later }), false);
  assert.equal(isUnread({ claimedUntil: earlier }), true, 'a claim that has run out is none');
  assert.equal(isUnread({ readAt: earlier }), false);
  assert.equal(isUnread({ waits: false }), false, 'of an archive');
});

test('labels change by themselves only when a claim runs out', () => {
  assert.equal(nextChangeOf({ reading: { ...waiting, claimedUntil: later } }, now), later);
  assert.equal(nextChangeOf({ reading: { ...waiting, claimedUntil: earlier } }, now), undefined);
  assert.equal(nextChangeOf({ reading: { ...waiting, claimedUntil: later, readAt: earlier } }, now), undefined);
  assert.equal(nextChangeOf({ reading: waiting }, now), undefined);
});

test('a failure and a skip state no finding', () => {
  assert.deepEqual(wanted({ outcome: 'failed' }), ['ai-unread', 'ai-failed']);
  assert.deepEqual(wanted({ outcome: 'skipped', reading: { ...waiting, waits: false } }), []);
});

test('each kind of label has its text and can be switched off', () => {
  const names = { prefix: 'KI_', finding: 'zeigt-{finding}', unread: 'offen', failed: '' };
  assert.deepEqual(wanted({}, [], names), ['KI_zeigt-pneumothorax', 'KI_zeigt-pneumonia', 'KI_offen']);
  assert.deepEqual(wanted({ outcome: 'failed' }, [], names), ['KI_offen']);
  assert.deepEqual(wanted({}, [], { finding: '', unread: '' }), []);
  assert.deepEqual(wanted({ findings: [{ name: '$&', decision: 'present' }] }, [], { unread: '' }), ['ai-$&'], 'a name is no pattern');
});

test('only labels that the settings can produce are ever removed', () => {
  const names = labelNames(settings(), ['pneumonia', 'old']);
  const present = ['teaching', 'AI-unread', 'ai-pneumonia', 'ai-old', 'ai-of-another-product', 'main', 'no-ai-x'];
  assert.deepEqual(labelChanges(['ai-pneumonia', 'ai-unread'], present, names), { toAdd: ['ai-unread'], toRemove: ['ai-old'] });
  assert.deepEqual(labelChanges([], present, names), { toAdd: [], toRemove: ['ai-pneumonia', 'ai-old'] });
  assert.deepEqual(labelChanges(['ai-old', 'ai-pneumonia'], present, names), { toAdd: [], toRemove: [] });
});

test('labels that Orthanc would refuse, that mean two things, or that state an assessment of a reader, are refused at the start', () => {
  const check = (given: Partial<ResultLabelSettings>, names: readonly string[] = ['pneumonia', 'covid-19']) =>
    checkLabelNames(settings(given), names);
  check({});
  check({ prefix: 'x', finding: '', unread: '', failed: '' });
  const refused = (given: Partial<ResultLabelSettings>, detail: RegExp, names?: readonly string[]) =>
    assert.throws(() => check(given, names), isFault('config-invalid', { detail }));
  refused({}, /at most 64 characters, found ai-a{62} \(65\)/, ['a'.repeat(62)]);
  refused({ unread: 'failed' }, /different labels, found ai-failed twice/);
  refused({ unread: 'pneumonia' }, /found ai-pneumonia twice/);
  refused({ prefix: 'no-' }, /found no-pneumonia, which states a reader's assessment/);
  refused({ prefix: 'NO-' }, /found NO-pneumonia/);
  refused({ prefix: 'covid', finding: '', unread: '-19' }, /found covid-19/);
});

test('a finding is rejected if all readers agree that it is absent, about the present images', () => {
  const statement = (given: Partial<ConsensusStatement>): ConsensusStatement => ({
    studyInstanceUID: '1.2',
    finding: 'pneumonia',
    reader: 'ann',
    decision: 'absent',
    source: 'page',
    verified: false,
    adjudicates: false,
    givenAt: earlier,
    isAboutCurrentImages: true,
    ...given,
  });
  const rejected = (...statements: readonly ConsensusStatement[]): readonly string[] => [
    ...(rejectedFindings(statements).get('1.2') ?? []),
  ];
  assert.deepEqual(rejected(statement({}), statement({ finding: 'fracture' }), statement({ studyInstanceUID: '1.3', finding: 'edema' })), [
    'pneumonia',
    'fracture',
  ]);
  assert.deepEqual(rejected(statement({}), statement({ reader: 'ben', decision: 'present' })), [], 'they disagree');
  assert.deepEqual(rejected(statement({}), statement({ decision: 'present', givenAt: now })), [], 'the last statement counts');
  const adjudication = statement({ reader: 'chief', verified: true, adjudicates: true, givenAt: now });
  assert.deepEqual(rejected(statement({}), statement({ reader: 'ben', decision: 'present' }), adjudication), ['pneumonia']);
  assert.deepEqual(rejected(statement({ isAboutCurrentImages: false })), [], 'an image that arrived since may show it');
  assert.deepEqual(rejected(statement({ decision: 'undetermined' })), []);
  assert.deepEqual(rejected(statement({ source: 'report' })), [], 'read from the text of a report');
  assert.deepEqual(rejected(statement({ source: 'report' }), statement({})), ['pneumonia']);
});
