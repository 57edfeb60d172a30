import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { consensusLabels, consensusOrigin, type LabelStatement } from '../../src/assessments/adjudicated-labels.js';
import { readDiagnosticReport } from '../../src/fhir/diagnostic-report.js';
import { consequencesOf } from '../../src/radiology-reports/compare-with-result.js';
import { matchReport } from '../../src/radiology-reports/match-report.js';
import { splitForRetraining } from '../../src/retraining/retraining-plan.js';
import type { LabelledImage } from '../../src/retraining/labelled-images.js';
import { withoutReportTexts } from '../../src/retraining/without-report-texts.js';
import { drawTestLock } from '../../src/dataset/test-lock.js';
import { exampleOf } from '../../src/retraining/retraining-plan.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { isFault } from '../support/fault.js';

describe('the study of a report', () => {
  const report = { accessionKey: 'a', accessionIssuerKey: null, patientKeys: [{ id: 'p', issuers: ['i'] }], statedStudyUID: null };
  const study = {
    studyInstanceUID: '1.2',
    accessionKey: 'a',
    accessionIssuerKey: null,
    patientKey: 'p',
    patientIssuerKey: 'i',
    checkedAt: new Date(0),
    isReported: true,
  };
  const reason = (changes: Partial<typeof report> | object, ...studies: readonly object[]) =>
    matchReport(
      { ...report, ...changes },
      studies.map((one) => ({ ...study, ...one })),
    );

  test('is that of its accession number and patient', () => {
    assert.deepEqual(reason({}, {}), { state: 'matched', studyInstanceUID: '1.2', reason: null });
    assert.equal(reason({ patientKeys: [] }, {}).state, 'matched', 'a report without patient ID');
    assert.equal(reason({}, { patientIssuerKey: null }).state, 'matched', 'an issuer that one side does not state');
    assert.equal(
      reason(
        {
          patientKeys: [
            { id: 'old', issuers: [] },
            { id: 'p', issuers: [] },
          ],
        },
        {},
      ).state,
      'matched',
      'one of several IDs',
    );
  });

  test('is none where anything contradicts it, with the reason', () => {
    for (const [changes, studies, expected] of [
      [{ accessionKey: null }, [{}], 'no-accession-number'],
      [{}, [], 'no-study'],
      [{}, [{ patientKey: 'q' }], 'patient-differs'],
      [{}, [{ patientKey: null }], 'patient-differs'],
      [{}, [{ patientIssuerKey: 'j' }], 'patient-differs'],
      [{ accessionIssuerKey: 'x' }, [{ accessionIssuerKey: 'y' }], 'issuer-differs'],
      [{}, [{}, { studyInstanceUID: '1.3' }], 'several-studies'],
    ] as const)
      assert.deepEqual(reason(changes, ...studies).reason, expected);
    assert.equal(reason({ accessionKey: null }, {}).state, 'unmatched');
    assert.equal(reason({}, { patientKey: 'q' }).state, 'waiting', 'the PACS may be corrected');
  });

  test('of several, the one that was analysed and the one of the same patient', () => {
    assert.equal(reason({}, { isReported: false, studyInstanceUID: '1.3' }, {}).studyInstanceUID, '1.2');
    assert.equal(reason({}, { patientKey: 'q', studyInstanceUID: '1.3' }, {}).studyInstanceUID, '1.2');
  });
});

describe('what follows from reports', () => {
  const row = (
    reportKey: string,
    at: string,
    findings: readonly { readonly name: string; readonly outcome: 'present' | 'absent' | 'uncertain' }[],
  ) => ({
    reportKey,
    source: 'hl7' as const,
    contentKey: '',
    state: 'matched' as const,
    reason: null,
    accessionKey: null,
    accessionIssuerKey: null,
    patientKeys: [],
    statedStudyUID: null,
    studyInstanceUID: '1.2',
    statedAt: new Date(at),
    receivedAt: new Date(at),
    waitUntil: new Date(at),
    findings,
  });
  const finding = (name: string, decision: 'present' | 'absent' | 'undetermined', probability: number) => ({
    name,
    decision,
    probability,
    code: name,
    scheme: 'X',
    meaning: name,
  });
  const result = (...findings: readonly ReturnType<typeof finding>[]) => ({ resultId: 'r', outcome: 'reported' as const, findings });
  const settings = { labels: true, knownFindings: new Set(['a', 'b', 'c', 'd']) };

  test('the latest report that mentions a finding decides; an uncertain one is undetermined', () => {
    const { labels } = consequencesOf(
      [
        row('new', '2026-02-01', [{ name: 'a', outcome: 'absent' }]),
        row('old', '2026-01-01', [
          { name: 'a', outcome: 'present' },
          { name: 'b', outcome: 'uncertain' },
        ]),
      ],
      undefined,
      settings,
    );
    assert.deepEqual(
      labels.map(({ finding: name, decision, reportKey }) => [name, decision, reportKey]),
      [
        ['a', 'absent', 'new'],
        ['b', 'undetermined', 'old'],
      ],
    );
    assert.deepEqual(
      consequencesOf([row('x', '2026-01-01', [{ name: 'a', outcome: 'present' }])], undefined, { ...settings, labels: false }).labels,
      [],
    );
  });

  test('differences by their kind and gap; undetermined and uncertain make none', () => {
    const { discordances } = consequencesOf(
      [
        row('x', '2026-01-01', [
          { name: 'b', outcome: 'absent' },
          { name: 'c', outcome: 'present' },
          { name: 'd', outcome: 'uncertain' },
        ]),
      ],
      result(
        finding('a', 'present', 0.9),
        finding('b', 'present', 0.8),
        finding('c', 'absent', 0.3),
        finding('d', 'present', 0.9),
        finding('unknown', 'present', 1),
      ),
      settings,
    );
    assert.deepEqual(
      discordances.map(({ finding: name, kind, gap }) => [name, kind, gap]),
      [
        ['a', 'report-silent', 0.9],
        ['b', 'report-absent', 0.8],
        ['c', 'ai-absent', 0.7],
      ],
    );
    assert.deepEqual(
      consequencesOf([row('x', '2026-01-01', [{ name: 'a', outcome: 'present' }])], result(finding('a', 'undetermined', 0.5)), settings)
        .discordances,
      [],
    );
  });

  test('a report in which nothing was recognised is not compared', () => {
    assert.deepEqual(consequencesOf([row('x', '2026-01-01', [])], result(finding('a', 'present', 0.9)), settings).discordances, []);
  });
});

describe('labels that were read from texts', () => {
  const statement = (source: string, decision: LabelStatement['decision'], reader = source): LabelStatement => ({
    studyInstanceUID: '1.2',
    finding: 'a',
    reader,
    decision,
    source,
    verified: false,
    adjudicates: false,
    givenAt: new Date(),
  });
  const label = (...statements: readonly LabelStatement[]) => {
    const [joint] = consensusLabels(statements);
    return [joint?.state, joint?.decision, joint?.state === 'agreed' ? consensusOrigin(joint) : undefined];
  };

  test('count with origin report, and never against a reader', () => {
    assert.deepEqual(label(statement('report', 'present')), ['agreed', 'present', 'report']);
    assert.deepEqual(label(statement('report', 'present'), statement('page', 'absent')), ['agreed', 'absent', 'radiologist']);
    assert.deepEqual(label(statement('page', 'undetermined'), statement('report', 'present')), ['undetermined', undefined, undefined]);
    assert.deepEqual(label(statement('orthanc-label', 'absent'), statement('report', 'present')), ['agreed', 'absent', 'report']);
    assert.deepEqual(label(statement('report', 'present'), statement('page', 'absent', 'x'), statement('page', 'present', 'y')), [
      'disagreed',
      undefined,
      undefined,
    ]);
  });

  const image = (number: number, readFromText: readonly string[]): LabelledImage => ({
    sopInstanceUID: `1.${number}`,
    seriesInstanceUID: `2.${number}`,
    studyInstanceUID: `3.${number}`,
    patient: `p${number}`,
    source: '',
    view: 'PA',
    site: 'x',
    tags: {},
    labels: number % 2 === 0 ? ['a', 'b'] : [],
    unknown: [],
    origins: Object.fromEntries(['a', 'b'].map((name) => [name, readFromText.includes(name) ? 'report' : 'radiologist'])),
    ...(readFromText.length > 0 ? { readFromText } : {}),
  });
  const images = Array.from({ length: 90 }, (_, index) => image(index, [[], ['a'], ['a', 'b']][index % 3]!));

  test('are left out where the test set is drawn; an image without another label is left out', () => {
    const read = withoutReportTexts(images);
    assert.equal(read.length, 60);
    assert.deepEqual(
      read.find(({ sopInstanceUID }) => sopInstanceUID === '1.4'),
      {
        ...image(4, []),
        labels: ['b'],
        unknown: ['a'],
        origins: { b: 'radiologist' },
      },
    );
  });

  test('are trained on, and neither stop training nor calibrate nor test', () => {
    const lock = drawTestLock(withoutReportTexts(images).map(exampleOf), { seed: 1, share: 0.3, created: '2026-01-01' });
    const { images: placed } = splitForRetraining(images, lock, { ...fastaiRecipe, seed: 1 });
    const withReports = (part: string) =>
      placed.filter((one) => one.part === part && Object.values(one.origins ?? {}).includes('report')).length;
    assert.ok(withReports('train') > 20);
    for (const part of ['validation', 'calibration', 'test']) {
      assert.equal(withReports(part), 0, part);
      assert.ok(
        placed.some((one) => one.part === part),
        part,
      );
    }
    assert.ok(placed.every((one) => !('readFromText' in one)));
  });
});

describe('a DiagnosticReport', () => {
  const acsn = { type: { coding: [{ code: 'ACSN' }] }, system: 'urn:oid:1.2.3', value: 'A1' };
  const resource = (changes: object = {}) => ({
    resourceType: 'DiagnosticReport',
    id: '7',
    status: 'final',
    identifier: [{ system: 'urn:x', value: 'R1' }],
    basedOn: [{ reference: '#order' }],
    subject: { reference: '#patient' },
    contained: [
      { resourceType: 'ServiceRequest', id: 'order', identifier: [acsn] },
      { resourceType: 'Patient', id: 'patient', identifier: [{ system: 'urn:oid:9.9', value: 'P1' }] },
    ],
    imagingStudy: [{ identifier: { system: 'urn:dicom:uid', value: 'urn:oid:1.2.840' } }],
    issued: '2026-01-02T10:00:00+01:00',
    conclusion: 'Kein Pneumothorax.',
    presentedForm: [
      { contentType: 'application/pdf', data: 'JVBERi0=' },
      { contentType: 'text/plain; charset=iso-8859-1', data: Buffer.from('Größe', 'latin1').toString('base64') },
    ],
    ...changes,
  });

  test('its identifiers are those of itself, of its order, its study and its patient; its text is plain', () => {
    assert.deepEqual(readDiagnosticReport(resource()), {
      state: 'final',
      identifier: 'urn:x|R1',
      text: 'Größe\fKein Pneumothorax.',
      accessionNumber: 'A1',
      accessionIssuer: '1.2.3',
      studyInstanceUID: '1.2.840',
      patients: [{ id: 'P1', issuers: ['9.9'] }],
      issued: new Date('2026-01-02T09:00:00Z'),
    });
    assert.equal(readDiagnosticReport(resource({ identifier: [acsn], basedOn: [] })).accessionNumber, 'A1');
    assert.equal(readDiagnosticReport(resource({ identifier: [] })).identifier, '7');
  });

  test('its status: final, withdrawn or neither', () => {
    for (const [status, state] of [
      ['amended', 'final'],
      ['corrected', 'final'],
      ['appended', 'final'],
      ['preliminary', 'not-final'],
      ['entered-in-error', 'withdrawn'],
      ['cancelled', 'withdrawn'],
    ] as const)
      assert.equal(readDiagnosticReport(resource({ status })).state, state, status);
  });

  test('what cannot be used is named without its values', () => {
    for (const [changes, detail] of [
      [{ status: 'done' }, /status: /],
      [{ resourceType: 'Observation' }, /resourceType: /],
      [{ identifier: [], id: undefined }, /expected an identifier or an id/],
      [{ presentedForm: [{ contentType: 'text/plain; charset=klingon', data: 'AA==' }] }, /character set/],
    ] as const)
      assert.throws(() => readDiagnosticReport(resource(changes)), isFault('request-invalid', { detail }));
  });
});
