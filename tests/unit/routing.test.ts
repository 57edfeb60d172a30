import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-file.js';
import { projectRoot } from '../../src/config.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { Fault } from '../../src/errors.js';
import { explainNone, matchesPattern, route } from '../../src/routing/match.js';
import { loadRouting, routingSchema } from '../../src/routing/rules.js';
import { selectXrays } from '../../src/routing/select-xrays.js';
import { seriesFactsOf, type Arrival } from '../../src/routing/series-facts.js';

const shipped = loadRouting(join(projectRoot, 'config/routing.yaml'));

function instance(attributes: DataSet): DataSet {
  return { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', SOPInstanceUID: '1.2.1.1', Rows: 100, Columns: 100, ...attributes };
}

function decide(instances: readonly DataSet[], arrival: Arrival = {}): string {
  const decision = route(shipped, seriesFactsOf(instances, arrival));
  return decision.action === 'none' ? `none: ${explainNone(decision.passedOver)}` : `${decision.action} by ${decision.rule.name}`;
}

test('the shipped rules take chest X-ray and CT', () => {
  assert.equal(decide([instance({ Modality: 'CR', BodyPartExamined: 'CHEST' })]), 'analyse by chest-x-ray');
  assert.equal(decide([instance({ Modality: 'DX', BodyPartExamined: 'thorax' })]), 'analyse by chest-x-ray');
  assert.equal(decide([instance({ Modality: 'DX', StudyDescription: 'Röntgen Thorax 2 Ebenen' })]), 'analyse by chest-x-ray');
  assert.equal(decide([instance({ Modality: 'CT', ProtocolName: 'LungLowDose' })]), 'analyse by chest-ct');
  assert.equal(
    decide([
      instance({
        Modality: 'CR',
        AnatomicRegionSequence: [{ CodeValue: '816094009', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Chest' }],
      }),
    ]),
    'analyse by chest-x-ray',
  );
});

test('what no rule takes has its reason, rule by rule', () => {
  assert.equal(
    decide([instance({ Modality: 'DX', BodyPartExamined: 'HAND' })]),
    'none: test-and-phantom-devices: stationName is missing, expected QA*, TESTBENCH*; chest-x-ray: bodyPart is HAND, expected CHEST, THORAX, LUNG, /chest|thora|lung/; chest-ct: modality is DX, expected CT',
  );
  assert.match(decide([instance({ Modality: 'CR', StudyDescription: 'Knee of Mr Smith' })]), /description is another text/);
  assert.doesNotMatch(decide([instance({ Modality: 'CR', StudyDescription: 'Knee of Mr Smith' })]), /Smith/);
  assert.match(decide([]), /the study has no series/);
});

test('the first rule wins, and ignore is a decision', () => {
  assert.equal(
    decide([instance({ Modality: 'CR', BodyPartExamined: 'CHEST', StationName: 'qa-room-3' })]),
    'ignore by test-and-phantom-devices',
  );
});

test('all conditions must hold on one and the same series', () => {
  const study = [
    instance({ Modality: 'CT', SeriesInstanceUID: '1.2.1', BodyPartExamined: 'HEAD' }),
    instance({ Modality: 'OT', SeriesInstanceUID: '1.2.2', BodyPartExamined: 'CHEST' }),
  ];
  assert.match(decide(study), /^none/);
});

test('AE titles and wildcards', () => {
  const routing = parseConfig(
    'rules: [{ name: er, when: { modality: CR, callingAeTitle: ER* }, action: analyse, priority: 10, destinations: [{ modality: READER }, { peer: archive }] }]',
    'routing.yaml',
    routingSchema,
  );
  const series = seriesFactsOf([instance({ Modality: 'CR' })], { callingAeTitle: 'ER-ROOM1' });
  const decision = route(routing, series);
  assert.ok(decision.action === 'analyse' && decision.rule.priority === 10 && decision.rule.destinations.length === 2);
  assert.equal(route(routing, seriesFactsOf([instance({ Modality: 'CR' })], {})).action, 'none');
});

test('patterns: a dot is a dot, * is anything, missing is missing, case does not matter', () => {
  assert.ok(matchesPattern('A.B', ['a.b']));
  assert.ok(!matchesPattern('A.B', ['AxB']));
  assert.ok(matchesPattern('CHEST*', ['chest pa']));
  assert.ok(!matchesPattern('CHEST', ['chest pa']));
  assert.ok(matchesPattern('/^ab+$/', ['ABB']));
  assert.ok(matchesPattern('missing', []));
  assert.ok(!matchesPattern('missing', ['x']));
});

test('a typing error in the rules is refused with file, line, what was expected and found', () => {
  const refuse = (text: string): string => {
    try {
      parseConfig(text, 'routing.yaml', routingSchema);
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === 'config-invalid');
      return error.message;
    }
    throw new Error('accepted');
  };
  assert.match(
    refuse('rules:\n  - name: a\n    when: { modallity: CR }\n    action: analyse\n'),
    /routing\.yaml:3: rules\.0\.when.*modallity/,
  );
  assert.match(
    refuse('rules:\n  - name: a\n    when: { modality: CR }\n    action: analyze\n'),
    /routing\.yaml:4: rules\.0\.action: expected analyse or ignore \(found "analyze"\)/,
  );
  assert.match(
    refuse('rules:\n  - name: a\n    when: { bodyPart: "/ches(t/" }\n    action: ignore\n'),
    /routing\.yaml:3: .*regular expression/,
  );
  assert.match(refuse('rules:\n  - name: a\n   when: x\n'), /routing\.yaml:3:/);
  assert.match(
    refuse('rules:\n  - { name: a, when: { modality: CR }, action: ignore }\n  - { name: a, when: { modality: CT }, action: ignore }\n'),
    /different name/,
  );
  assert.match(
    refuse('rules:\n  - { name: a, when: { modality: CR }, action: analyse, destinations: [READER] }\n'),
    /expected \{ modality: NAME \} or \{ peer: NAME \}/,
  );
  assert.match(refuse(''), /rules/);
});

test('of the X-rays the frontal ones are chosen, and each other one has its reason', () => {
  const images = [
    instance({ SOPInstanceUID: '1.1', ViewPosition: 'PA', AcquisitionDate: '20260101' }),
    instance({ SOPInstanceUID: '1.2', ViewPosition: 'LL' }),
    instance({ SOPInstanceUID: '1.3', Rows: undefined }),
    instance({ SOPInstanceUID: '1.4', ViewPosition: 'PA', PresentationIntentType: 'FOR PROCESSING' }),
    instance({
      SOPInstanceUID: '1.5',
      ViewCodeSequence: [{ CodeValue: '399173006', CodingSchemeDesignator: 'SCT', CodeMeaning: 'left lateral' }],
    }),
    instance({
      SOPInstanceUID: '1.6',
      ViewCodeSequence: [{ CodeValue: '272479007', CodingSchemeDesignator: 'SCT', CodeMeaning: 'postero-anterior' }],
      AcquisitionDate: '20260102',
    }),
    instance({ SOPInstanceUID: '1.7', SeriesDescription: 'Thorax lat.' }),
  ];
  const { chosen, leftOut } = selectXrays(seriesFactsOf(images), 4);
  assert.deepEqual(
    chosen.map((one) => one['SOPInstanceUID']),
    ['1.6', '1.1'],
  );
  assert.deepEqual(leftOut.map(({ instance: one, reason }) => `${String(one['SOPInstanceUID'])} ${reason}`).sort(), [
    '1.2 lateral',
    '1.3 no-image',
    '1.4 for-processing',
    '1.5 lateral',
    '1.7 lateral',
  ]);
});

test('an image for processing is used when there is no other; the limit keeps the newest', () => {
  const why = (attributes: Record<string, unknown>): string | undefined =>
    selectXrays(seriesFactsOf([instance({ ViewPosition: undefined, ...attributes })]), 4).leftOut[0]?.reason;
  assert.equal(why({ PatientOrientation: ['A', 'F'] }), 'lateral');
  assert.equal(why({ PatientOrientation: ['F', 'P'] }), 'lateral');
  assert.equal(why({ PatientOrientation: ['L', 'F'] }), undefined);
  assert.equal(why({ PatientOrientation: ['A', 'F'], ViewPosition: 'PA' }), undefined);
  assert.equal(why({ ImageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'] }), 'screenshot');
  assert.equal(selectXrays(seriesFactsOf([instance({ PresentationIntentType: 'FOR PROCESSING' })]), 4).chosen.length, 1);
  const many = [1, 2, 3].map((day) => instance({ SOPInstanceUID: `1.${day}`, AcquisitionDate: `2026010${day}` }));
  assert.deepEqual(
    selectXrays(seriesFactsOf(many), 1).chosen.map((one) => one['SOPInstanceUID']),
    ['1.3'],
  );
});
