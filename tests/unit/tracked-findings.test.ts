import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import type { SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import { measurementReport } from '../../src/sr/measurement-report.js';
import type { ReportContent, ReportedFinding } from '../../src/sr/report-content.js';
import { contentDigest } from '../../src/reporting/document-identity.js';
import { ownDocumentsIn, type OwnDocument } from '../../src/reporting/own-documents.js';
import { sideOf, trackingUidOf } from '../../src/reporting/tracked-findings.js';
import { finding, imageReference, reported } from './sr-examples.js';

const box = (left: number, right: number) => ({ left, right, top: 0.4, bottom: 0.6 });

describe('laterality of a finding site', () => {
  const upright = { PatientOrientation: ['L', 'F'] };
  test("the upright picture has the patient's right at its left; a box over the middle has no side", () => {
    assert.equal(sideOf(box(0.1, 0.4), upright), 'right');
    assert.equal(sideOf(box(0.6, 0.9), upright), 'left');
    assert.equal(sideOf(box(0.15, 0.55), upright), 'right', 'nine tenths on one side');
    assert.equal(sideOf(box(0.3, 0.7), upright), undefined);
    assert.equal(sideOf(box(0.1, 0.9), upright), undefined);
    assert.equal(sideOf(box(0.5, 0.5), upright), undefined);
  });

  test('only an image that states its orientation gives a side', () => {
    for (const PatientOrientation of [
      ['L', 'F'],
      ['R', 'H'],
      ['F', 'L'],
      ['h', 'r'],
      ['L', 'FP'],
    ])
      assert.equal(sideOf(box(0.1, 0.4), { PatientOrientation }), 'right', PatientOrientation.join());
    for (const image of [
      {},
      { PatientOrientation: '' },
      { PatientOrientation: ['A', 'F'] },
      { PatientOrientation: ['L'] },
      { PatientOrientation: ['R', 'L'] },
    ])
      assert.equal(sideOf(box(0.1, 0.4), image), undefined);
    assert.equal(sideOf(box(0.1, 0.4), { ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }), 'right');
    assert.equal(sideOf(box(0.1, 0.4), { ImageOrientationPatient: [0, 1, 0, 0, 0, -1] }), undefined, 'sagittal');
  });
});

describe('Tracking UIDs stay with a lesion', () => {
  const study = '2.25.1' as StudyInstanceUID;
  const pneumonia = finding('pneumonia', 0.9, 'present', imageReference(0));
  const document = (name: string, minute: number, findings: readonly ReportedFinding[]): OwnDocument => {
    const dataSet = measurementReport(
      { ...reported, findings, createdAt: new Date(Date.UTC(2026, 10, 1, 10, minute)), sopInstanceUID: `2.25.60${name}` as SOPInstanceUID },
      '1410',
    );
    return ownDocumentsIn([readPart10(writePart10(dataSet)).dataSet]).all[0]!;
  };
  const uid = (side: 'left' | 'right' | undefined, earlier: readonly OwnDocument[]): string =>
    trackingUidOf(study, pneumonia.concept, side, earlier);

  test('the same study and finding have the same UID, another study or finding another', () => {
    assert.equal(uid(undefined, []), uid('left', []));
    assert.notEqual(uid(undefined, []), trackingUidOf('2.25.2' as StudyInstanceUID, pneumonia.concept, undefined, []));
    assert.notEqual(uid(undefined, []), trackingUidOf(study, finding('mass', 1, 'present').concept, undefined, []));
  });

  test('a superseding result has the same UID, also that of an earlier release', () => {
    const earlier = document('1', 1, [{ ...pneumonia, trackingUID: '2.25.4711' }]);
    assert.equal(uid(undefined, [earlier]), '2.25.4711');
    assert.equal(uid('left', [earlier]), '2.25.4711', 'the side was not told before');
  });

  test('a finding on the other side is another lesion, and each side has its own UID', () => {
    const right = document('1', 1, [{ ...pneumonia, side: 'right', trackingUID: uid('right', []) }]);
    const onLeft = uid('left', [right]);
    assert.notEqual(onLeft, uid('right', [right]));
    const left = document('2', 2, [{ ...pneumonia, side: 'left', trackingUID: onLeft }]);
    assert.equal(uid('right', [left, right]), uid('right', [right]));
    assert.equal(uid('left', [right, left]), onLeft);
  });
});

describe('D26: one SOP Instance UID never names two contents', () => {
  const digest = (changes: Partial<ReportContent>, template: '1501' | '1410' = '1501', moment?: Date): string =>
    contentDigest({ ...reported, ...changes }, template, moment);
  const [first, ...rest] = reported.findings;
  const changes: Readonly<Record<string, Partial<ReportContent>>> = {
    'another engine': {
      algorithm: { ...reported.algorithm, parameters: ['input 00112233', 'engine onnx-cuda: the fastest that starts here'] },
    },
    'another threshold': { findings: [{ ...first!, presentFrom: 0.61 }, ...rest] },
    'another probability': { findings: [{ ...first!, probability: 0.03 }, ...rest] },
    'another version of the software': { algorithm: { ...reported.algorithm, version: '0.3.0 model 0123456789abcdef' } },
    'another name of the patient': { source: { ...reported.source, PatientName: 'Corrected^Name' } },
    'another procedure': { procedures: [{ value: '36643-5', scheme: 'LN', meaning: 'XR Chest 2 Views' }] },
    'another remark': { remarks: ['1 of 2 images could not be read: not part of this result.'] },
    'another predecessor': { predecessors: [{ ...reported.evidence[0]! }] },
    'another region': { findings: reported.findings.map((one) => (one.region ? { ...one, region: { ...one.region, left: 1 } } : one)) },
  };
  for (const [what, change] of Object.entries(changes))
    test(`${what} is another content`, () => assert.notEqual(digest(change), digest({})));

  test('the same statement at another moment and under other names is the same content', () => {
    assert.equal(digest({ createdAt: new Date(), sopInstanceUID: '2.25.9' as SOPInstanceUID }), digest({}));
    assert.match(digest({}), /^[0-9a-f]{32}$/);
  });

  test('files that no PACS contains get new UIDs at each moment; the profile for AIR has other UIDs than that for OHIF', () => {
    assert.notEqual(digest({}, '1501', new Date(1)), digest({}, '1501', new Date(2)));
    assert.notEqual(digest({}, '1410'), digest({}, '1501'));
  });
});
