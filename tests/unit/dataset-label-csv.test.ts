import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLabelCsv } from '../../src/dataset/label-csv.js';
import { isFault } from '../support/fault.js';

const findings = ['pneumonia', 'covid-19', 'pleural-effusion'];
const read = (text: string) => readLabelCsv(new TextEncoder().encode(text), 'list.csv', findings);

test('long: one row a finding, present unless another value is stated', () => {
  assert.deepEqual(read('\ufeffAccession Number,Finding\r\n"A,1",COVID-19\r\n\r\nA2,Pleural effusion\r\n'), [
    { line: 2, study: { accessionNumber: 'A,1' }, findings: [{ name: 'covid-19', decision: 'present' }] },
    { line: 4, study: { accessionNumber: 'A2' }, findings: [{ name: 'pleural-effusion', decision: 'present' }] },
  ]);
  assert.deepEqual(
    read('study_instance_uid,finding,decision\n1.2,pneumonia,No\n1.3,pneumonia,-1\n').map((one) => one.findings[0]?.decision),
    ['absent', 'undetermined'],
  );
});

test('wide: a column a finding, empty where no value is stated', () => {
  const rows = read('StudyInstanceUID,Reader,Pneumonia,COVID-19\n1.2,x,1,\n1.3,x,0,present\n1.4,x,,\n');
  assert.deepEqual(rows, [
    { line: 2, study: { studyInstanceUID: '1.2' }, findings: [{ name: 'pneumonia', decision: 'present' }] },
    {
      line: 3,
      study: { studyInstanceUID: '1.3' },
      findings: [
        { name: 'pneumonia', decision: 'absent' },
        { name: 'covid-19', decision: 'present' },
      ],
    },
  ]);
});

test("what cannot be read is told by line, without the number of the patient's study", () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /column StudyInstanceUID or AccessionNumber, found none/],
    ['file,finding\na,b\n', /StudyInstanceUID or AccessionNumber, found "file", "finding"/],
    ['accession,colour\n1,red\n', /column finding/],
    ['accession,finding\n', /at least one row/],
    ['accession,finding\nSECRET,plague\n', /line 2: expected a finding of config\/findings\.json, found "plague"/],
    ['accession,finding,decision\nSECRET,pneumonia,perhaps\n', /line 2, decision: expected present, absent or undetermined/],
    ['accession,finding\n,pneumonia\n', /line 2: expected a study/],
    ['accession,finding\n"1,pneumonia\n', /comma-separated values/],
    [`accession,finding\n${'1,plague\n'.repeat(30)}`, /and 20 more/],
  ];
  for (const [text, expected] of bad) {
    assert.throws(
      () => read(text),
      (thrown: unknown) => isFault('dataset-invalid')(thrown) && expected.test(String(thrown)) && !String(thrown).includes('SECRET'),
      text,
    );
  }
});
