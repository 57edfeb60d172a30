import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { configSchema } from '../../src/config/schema.js';
import { ageGroupOf } from '../../src/dicom/patient-age.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { loadFindings } from '../../src/findings-config.js';
import { mulberry32, shuffled } from '../../src/lib/seeded-random.js';
import { triageOf } from '../../src/reporting/triage-of.js';
import { seriesFactsOf } from '../../src/routing/series-facts.js';
import { encounterClassOf } from '../../src/triage/encounter-class.js';
import { durationText, explanationOf } from '../../src/triage/explanation.js';
import { compareWaiting, limitOf, type WaitingStudy } from '../../src/triage/reading-order.js';
import { urgencyOf, urgencyParts, type WeighedFinding } from '../../src/triage/urgency.js';

const settings = (given: object = {}) => configSchema.parse({ triage: given }).triage;
const finding = (name: string, probability: number, decision: WeighedFinding['decision'] = 'present') => ({
  name,
  meaning: name[0]!.toUpperCase() + name.slice(1),
  probability,
  decision,
});
const now = new Date('2026-03-01T12:00:00Z');
const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);

describe('the urgency of a study', () => {
  test('is the sum of weight × probability of what is present or undetermined, priority, age and encounter', () => {
    const weights = settings({
      weights: { pneumothorax: 1_000, edema: 200 },
      otherFindings: 50,
      rulePriority: 10,
      age: { from80: 30 },
      emergency: { weight: 300 },
    });
    const findings = [
      finding('pneumothorax', 0.5),
      finding('edema', 0.25, 'undetermined'),
      finding('mass', 0.1, 'undetermined'),
      finding('ards', 0.4, 'absent'),
    ];
    assert.equal(urgencyOf({ findings, priority: 5, ageGroup: 4, encounterClass: 'emergency' }, weights), 500 + 50 + 5 + 50 + 30 + 300);
    assert.deepEqual(
      urgencyParts({ findings, priority: 5, ageGroup: 3, encounterClass: 'outpatient' }, weights).map(({ kind, points }) => [kind, points]),
      [
        ['finding', 500],
        ['finding', 50],
        ['priority', 50],
        ['finding', 5],
      ],
    );
  });

  test('a finding that is switched off does not count, nor does a weight of 0; a name of JavaScript is a name like any other', () => {
    const weights = settings({ weights: { normal: 0 }, otherFindings: 100, rulePriority: 0 });
    assert.equal(urgencyOf({ findings: [finding('mass', 1), finding('normal', 1)], priority: 9 }, weights, new Set(['mass'])), 0);
    assert.equal(urgencyOf({ findings: [finding('constructor', 0.5)], priority: 0 }, weights), 50);
  });

  test('rises with the probability and never falls when a finding is added', () => {
    const random = mulberry32(7);
    const weights = settings();
    const names = Object.keys(weights.weights);
    for (let trial = 0; trial < 500; trial++) {
      const findings = names.map((name) => finding(name, random(), random() < 0.5 ? 'present' : 'absent'));
      const before = urgencyOf({ findings, priority: 0 }, weights);
      const added = urgencyOf({ findings: [...findings, finding('mass', random())], priority: 0 }, weights);
      assert.ok(added >= before && before >= 0 && Number.isFinite(added));
    }
  });

  test('the shipped weights name findings that exist', () => {
    const config = loadConfig({});
    const known = loadFindings(config.findingsFile).findings;
    assert.deepEqual(
      Object.keys(config.triage.weights).filter((name) => !Object.hasOwn(known, name)),
      [],
    );
  });
});

describe('the order of reading', () => {
  const limit = limitOf(now, 240);
  const study = (studyInstanceUID: string, urgency: number, minutes: number): WaitingStudy => ({
    studyInstanceUID,
    urgency,
    waitingSince: ago(minutes),
  });

  test('over the limit first, longest waiting first; then by urgency, among equals longest waiting first', () => {
    const expected = [
      study('oldest', 0, 500),
      study('at the limit', 5, 240),
      study('urgent', 900, 1),
      study('urgent too, shorter', 900, 0),
      study('1', 0, 239),
      study('2', 0, 239),
      study('newest', 0, 3),
    ];
    for (let seed = 0; seed < 50; seed++) {
      const sorted = shuffled(expected, mulberry32(seed)).sort((one, other) => compareWaiting(one, other, limit));
      assert.deepEqual(
        sorted.map(({ studyInstanceUID }) => studyInstanceUID),
        expected.map(({ studyInstanceUID }) => studyInstanceUID),
      );
    }
  });
});

describe('the explanation', () => {
  const study = { findings: [finding('pneumothorax', 0.912), finding('mass', 0.02, 'absent')], priority: 5 };

  test('names what counts and the wait, in English and German', () => {
    const text = (language: 'en' | 'de', given: object = {}, minutes = 12): string =>
      explanationOf({ ...study, ...given, waitingSince: ago(minutes) }, settings({ age: { from60: 10 } }), now, language);
    assert.equal(text('en'), 'Pneumothorax 91.2 %, waiting 12 min');
    assert.equal(text('de'), 'Pneumothorax 91.2 %, wartet 12 min');
    assert.equal(text('en', { priority: 9, encounterClass: 'emergency' }), 'Pneumothorax 91.2 %, emergency, priority 9, waiting 12 min');
    assert.equal(
      text('de', { encounterClass: 'inpatient', ageGroup: 3 }),
      'Pneumothorax 91.2 %, stationär, Alter 60 bis 79, wartet 12 min',
    );
    assert.equal(text('en', { findings: [finding('mass', 0.4, 'undetermined')] }), 'Mass 40 % (undetermined), waiting 12 min');
    assert.equal(text('en', { findings: [] }), 'waiting 12 min');
    assert.equal(text('en', {}, 250), 'waiting 4 h 10 min: longer than the limit of 4 h');
    assert.equal(text('de', {}, 250), 'wartet 4 h 10 min: länger als die Grenze von 4 h');
    assert.equal(text('en', {}, 240), 'waiting 4 h: longer than the limit of 4 h');
    assert.equal(text('en', {}, 239), 'Pneumothorax 91.2 %, waiting 3 h 59 min');
  });

  test('durations', () => {
    assert.deepEqual(
      [0, 1, 60, 61, 1_440, 1_500, 4_321].map((minutes) => durationText(minutes, 'en')),
      ['0 min', '1 min', '1 h', '1 h 1 min', '1 d', '1 d 1 h', '3 d'],
    );
  });
});

describe('what is derived from the images of a study', () => {
  const image = (attributes: DataSet = {}): DataSet => ({ Modality: 'CR', SeriesInstanceUID: '1.2', StudyDate: '20260228', ...attributes });

  test('age in steps of twenty years', () => {
    const ages = ['000Y', '019Y', '020Y', '079Y', '080Y', '099Y', '006M', '131Y', 'old'].map((PatientAge) =>
      ageGroupOf(image({ PatientAge })),
    );
    assert.deepEqual(ages, [0, 0, 1, 3, 4, 4, 0, undefined, undefined]);
    assert.equal(ageGroupOf(image({ PatientBirthDate: '19460301' })), 3);
    assert.equal(ageGroupOf(image({ PatientBirthDate: '19460228' })), 4);
    assert.equal(ageGroupOf(image()), undefined);
  });

  test('the class of the encounter is the first of which a series fulfils a condition', () => {
    const classes = settings({
      emergency: { when: [{ stationName: 'ER*' }, { studyDescription: '/\\bstat\\b/' }] },
      inpatient: { when: [{ callingAeTitle: 'WARD*' }, { stationName: 'ER2' }] },
    });
    const classOf = (attributes: DataSet, callingAeTitle?: string) =>
      encounterClassOf(seriesFactsOf([image(), image({ SeriesInstanceUID: '1.3', ...attributes })], { callingAeTitle }), classes);
    assert.equal(classOf({ StationName: 'er2' }), 'emergency');
    assert.equal(classOf({ StudyDescription: 'CXR STAT' }), 'emergency');
    assert.equal(classOf({}, 'WARD3'), 'inpatient');
    assert.equal(classOf({ StationName: 'OUT' }), undefined);
  });

  test('a long value takes no longer: matching is linear', () => {
    const classes = settings({ emergency: { when: [{ studyDescription: '/(a+)+$/' }] } });
    const started = performance.now();
    assert.equal(encounterClassOf(seriesFactsOf([image({ StudyDescription: `${'a'.repeat(100_000)}b` })]), classes), 'emergency');
    assert.ok(performance.now() - started < 2_000);
  });

  test('a study of an archive does not wait, one that no rule selects neither; no attribute is in the result', () => {
    const rule = { action: 'analyse' as const, findingsOff: ['mass'] };
    const of = (attributes: DataSet, given: object = {}) =>
      triageOf(
        {
          findings: [finding('mass', 1), finding('pneumothorax', 1)],
          priority: 0,
          rule,
          instances: [image(attributes)],
          arrival: {},
          ...given,
        },
        { triage: settings({ maxStudyAgeDays: 7 }), findingsOff: [] },
        now,
      )!;
    assert.deepEqual(of({ PatientAge: '045Y', PatientName: 'A^B' }), {
      urgency: 1_000,
      ageGroup: 2,
      modalities: ['CR'],
      isSelected: true,
      isRecent: true,
    });
    assert.equal(of({ StudyDate: '20260222' }).isRecent, true);
    assert.equal(of({ StudyDate: '20260220' }).isRecent, false);
    assert.equal(of({ StudyDate: '' }).isRecent, true);
    assert.equal(of({ StudyDate: 'yesterday' }).isRecent, true);
    assert.equal(of({}, { rule: undefined }).isSelected, false);
    assert.equal(of({}, { rule: { ...rule, action: 'ignore' } }).isSelected, false);
    assert.equal(of({}, { instances: [] }).isRecent, true);
  });
});
