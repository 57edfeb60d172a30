import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measurementReport } from '../../src/sr/measurement-report.js';
import { checkDocument } from '../../src/sr/check-document.js';
import { textReport } from '../../src/sr/text-report.js';
import { limitationsOf } from '../../src/serving/limitations.js';
import { documentOutline } from '../support/document-outline.js';
import { onnxOutputs } from '../support/onnx-candidate.js';
import { reported } from './sr-examples.js';

test('a finding with the publisher’s values is marked in the conclusion, in the thresholds of the text report and in its group', () => {
  const content = {
    ...reported,
    findings: reported.findings.map((one) => (one.name === 'pneumonia' ? { ...one, isNotCalibratedHere: true as const } : one)),
  };
  const text = textReport(content);
  const group = measurementReport(content);
  for (const document of [text, group]) assert.deepEqual(checkDocument(document), []);
  const lines = documentOutline(text).join('\n');
  assert.match(lines, /Present, ≈93\.4 % \(not calibrated here\): appearance compatible with pneumonia/);
  assert.match(
    lines,
    /Pneumonia: absent below ≈30 %, present from ≈60 %, undetermined between; not calibrated here, the publisher's values/,
  );
  assert.doesNotMatch(lines, /Pneumothorax: absent below ≈30 %, present from ≈60 %, undetermined between; not/);
  assert.match(documentOutline(group).join('\n'), /Pneumonia: absent below .*; not calibrated here, the publisher's values/);
  assert.doesNotMatch(documentOutline(textReport(reported)).join('\n'), /not calibrated here/);
});

test('a model that was brought along states what it lacks: calibration, feature guard; a trained one nothing', () => {
  const gate = { mean: new Float32Array(24), precision: new Float32Array(576), maxDistance: 1 };
  assert.deepEqual(limitationsOf({ outputs: onnxOutputs }, 'brought along'), [
    "The model brought along is not calibrated here: its probabilities and thresholds are the publisher's and were not compared with labels of this hospital.",
    'No feature guard was fitted for the model brought along: it may not recognise an image that it was not made for.',
  ]);
  const partly = onnxOutputs.map((one) => (one.name === 'pleural-effusion' ? { ...one, calibratedHere: true } : one)) as typeof onnxOutputs;
  assert.deepEqual(limitationsOf({ outputs: partly, gate }, 'brought along'), [
    "The model brought along is not calibrated here for 2 of its 3 findings: their probabilities and thresholds are the publisher's and were not compared with labels of this hospital.",
  ]);
  const trained = onnxOutputs.map((one) => (one.kind === 'finding' ? { ...one, calibratedHere: undefined } : one)) as typeof onnxOutputs;
  assert.deepEqual(limitationsOf({ outputs: trained, gate }, 'trained here'), []);
  assert.deepEqual(limitationsOf(undefined, 'none'), []);
});
