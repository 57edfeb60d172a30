import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../../src/dicom/data-set.js';
import { assessmentReport } from '../../src/sr/assessment-report.js';
import { assessmentExamples } from './sr-assessment-examples.js';

test('usability 1: the Series Description names finding and decision, as many as fit into LO', () => {
  const described = Object.fromEntries(
    Object.entries(assessmentExamples).map(([name, content]) => [name, textOf(assessmentReport(content), 'SeriesDescription')]),
  );
  assert.deepEqual(described, {
    confirmed: 'Assessment: Pneumonia present',
    verified: 'Assessment: Pneumonia present',
    'every-comparison': 'Assessment: COVID-19 absent, Mass present and 3 more',
    adjudicating: 'Adjudication: Pneumonia present',
    commented: 'Assessment: Pneumonia present',
    withdrawn: 'Assessment withdrawn: Pneumonia',
    'without-result': 'Assessment: Pneumothorax absent',
    'ct-frames': 'Assessment: COVID-19 present',
  });
  const long = { ...assessmentExamples['withdrawn']!.withdrawn[0]!, meaning: 'x'.repeat(60) };
  assert.equal(
    textOf(assessmentReport({ ...assessmentExamples['withdrawn']!, withdrawn: [long] }), 'SeriesDescription'),
    'Assessment withdrawn: 1 finding',
  );
});
