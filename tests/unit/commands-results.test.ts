import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FilePacs } from '../../src/commands/file-pacs.js';
import { resultLine, resultObject } from '../../src/commands/result-line.js';
import type { ResultRow } from '../../src/store/results.js';
import { isFault } from '../support/fault.js';
import { tinyImage } from '../support/tiny-image.js';

const row: ResultRow = {
  resultId: '2.25.9',
  studyInstanceUID: '2.25.1',
  createdAt: new Date(0),
  outcome: 'reported',
  code: null,
  retryable: null,
  reason: null,
  rule: 'chest',
  priority: 5,
  modelVersion: 'abc',
  engine: 'cpu',
  inputKey: 'k',
  findings: [
    { name: 'covid-19', code: '840539006', scheme: 'SCT', meaning: 'COVID-19', probability: 0.123, decision: 'absent' },
    { name: 'pneumonia', code: '233604007', scheme: 'SCT', meaning: 'Pneumonia', probability: 0.876, decision: 'present' },
  ],
  otherFindings: [],
  documents: [
    { sopInstanceUID: '2.25.3', seriesInstanceUID: '2.25.30', kind: 'measurement' },
    { sopInstanceUID: '2.25.2', seriesInstanceUID: '2.25.20', kind: 'text' },
  ],
  predecessorResultId: null,
  isCurrent: true,
  isReanalysis: false,
  timingsMs: {},
};
const skipped: ResultRow = {
  ...row,
  outcome: 'skipped',
  code: 'no-rule',
  reason: 'No routing rule takes this study',
  findings: [],
  documents: [],
};

describe('a result on the command line', () => {
  test('names study, outcome, the most probable finding and the text report', () => {
    assert.equal(resultLine(row), '2.25.1  reported  Pneumonia 87.6 % present  2.25.2');
  });

  test('a skip has its reason in the place of a finding', () => {
    assert.equal(resultLine(skipped), '2.25.1  skipped   No routing rule takes this study  no document');
  });

  test('as JSON: the contract of result listings', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(resultObject(row))), {
      studyInstanceUID: '2.25.1',
      outcome: 'reported',
      findings: [
        { name: 'covid-19', code: '840539006', probability: 0.123, decision: 'absent' },
        { name: 'pneumonia', code: '233604007', probability: 0.876, decision: 'present' },
      ],
      engine: 'cpu',
      modelVersion: 'abc',
      srSOPInstanceUID: '2.25.2',
    });
    assert.deepEqual(JSON.parse(JSON.stringify(resultObject(skipped))), {
      studyInstanceUID: '2.25.1',
      outcome: 'skipped',
      reason: 'No routing rule takes this study',
      findings: [],
      engine: 'cpu',
      modelVersion: 'abc',
    });
  });
});

describe('files in the place of a PACS', () => {
  const { bytes, dataSet, studyInstanceUID, seriesInstanceUID, sopInstanceUID } = tinyImage({ study: 'file pacs' });
  const other = tinyImage({ study: 'file pacs', instance: '2' });

  test('gives the instances it was made of and what was stored in it', async () => {
    const pacs = new FilePacs([{ file: 'a.dcm', read: async () => bytes, dataSet }]);
    assert.equal(pacs.studyInstanceUID, studyInstanceUID);
    assert.deepEqual(await pacs.retrieveInstance(studyInstanceUID, seriesInstanceUID, sopInstanceUID), bytes);
    await assert.rejects(pacs.retrieveInstance(studyInstanceUID, seriesInstanceUID, other.sopInstanceUID), isFault('pacs-not-found'));
    await pacs.storeInstances([other.bytes]);
    assert.deepEqual(await pacs.retrieveInstance(studyInstanceUID, seriesInstanceUID, other.sopInstanceUID), other.bytes);
    assert.deepEqual([...pacs.stored.keys()], [`${other.sopInstanceUID}.dcm`]);
  });

  test('a file that does not say which instance it is is named, without what it says instead', () => {
    for (const wrong of [undefined, 'SMITH^JOHN']) {
      assert.throws(
        () => new FilePacs([{ file: 'a.dcm', read: async () => bytes, dataSet: { ...dataSet, SOPInstanceUID: wrong } }]),
        (thrown: unknown) => {
          isFault('dicom-attribute')(thrown);
          assert.match((thrown as Error).message, /SOPInstanceUID.*a\.dcm/);
          assert.doesNotMatch((thrown as Error).message, /SMITH/);
          return true;
        },
      );
    }
  });
});
