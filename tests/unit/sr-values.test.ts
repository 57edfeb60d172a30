import assert from 'node:assert/strict';
import { test } from 'node:test';
import { legalDate, legalPersonName, legalString, legalText, legalTime } from '../../src/sr/legal-value.js';
import { percentOf, probabilityPercent, thresholdSentence } from '../../src/sr/wording.js';
import { finding, findingsConfig } from './sr-examples.js';
import { conceptsOf, findingNameOf, loadFindings, parseFindings, termsOf } from '../../src/findings-config.js';

test('a percentage has one decimal, or enough to stay on its side of the thresholds', () => {
  assert.equal(percentOf(0.934), '93.4');
  assert.equal(percentOf(0), '0');
  assert.equal(percentOf(1), '100');
  assert.equal(percentOf(0.49996, 0.3, 0.5), '49.996');
  assert.equal(percentOf(0.5, 0.3, 0.5), '50');
  assert.equal(percentOf(1e-9, 0.3, 0.6), '0');
  for (let index = 0; index <= 1000; index++) {
    const probability = index / 1000;
    const text = percentOf(probability, 0.29, 0.57);
    assert.ok(text.length <= 16 && Math.abs(Number(text) / 100 - probability) < 1e-3);
    for (const threshold of [0.29, 0.57]) assert.equal(Number(text) / 100 < threshold, probability < threshold);
  }
});

test('a probability never reads as if it were on the other side of a threshold, which is written in full', () => {
  const terms = finding('pneumonia', 0.57138, 'undetermined');
  const close = { ...terms, absentBelow: 0.30004, presentFrom: 0.5714 };
  assert.equal(thresholdSentence(close), 'Pneumonia: absent below 30.004 %, present from 57.14 %, undetermined between');
  for (const probability of [0, 0.29999, 0.30004, 0.3, 0.5713999, 0.5714, 0.57138, 1 - 1e-7, 1]) {
    const decision = probability >= close.presentFrom ? 'present' : probability < close.absentBelow ? 'absent' : 'undetermined';
    const written = Number(probabilityPercent({ ...close, probability }));
    assert.equal(written >= 57.14 ? 'present' : written < 30.004 ? 'absent' : 'undetermined', decision, String(probability));
  }
});

test('values are cut by characters, not by bytes, and lose what their representation cannot hold', () => {
  assert.equal(legalString('胸'.repeat(80), 64), '胸'.repeat(64));
  assert.equal(legalString('a\\b\u0000c\n', 16), 'a/b c');
  assert.equal(legalText('one\ntwo\u001b three '), 'one\r\ntwo  three');
  assert.equal(legalPersonName('Hong^Gildong=洪^吉洞=홍^길동=x'), 'Hong^Gildong=洪^吉洞=홍^길동');
  assert.equal(legalPersonName('a^b^c^d^e^f^g'), 'a^b^c^d^e f g');
  assert.equal(legalPersonName('=山田^太郎='), '=山田^太郎');
  assert.deepEqual(['20260229', '2020.03.15', '2020-03-15', ''].map(legalDate), ['20260229', '20200315', '', '']);
  assert.deepEqual(['10', '101010.123456', '10:10:10', '256060', 'noon'].map(legalTime), ['10', '101010.123456', '101010', '', '']);
});

test('config/findings.json: every output has its terms, every code its use', () => {
  assert.equal(termsOf(findingsConfig, 'pneumonia').concept.value, '233604007');
  assert.equal(findingNameOf(findingsConfig, { value: '36118008', scheme: 'SCT', meaning: 'whatever' }), 'pneumothorax');
  assert.equal(findingNameOf(findingsConfig, { value: '36118008', scheme: 'DCM', meaning: '' }), undefined);
  assert.ok(conceptsOf(findingsConfig).length > 30);
  assert.throws(() => termsOf(findingsConfig, 'toString'), /expected findings\.toString/);
});

const procedure = '{"value":"1","scheme":"LN","meaning":"m"}';
const withFinding = (finding: string): string =>
  `{\n "procedures": {"CR":${procedure},"DX":${procedure},"CT":${procedure}},\n "findings": {${finding}}\n}`;

test('a mistake in config/findings.json is told with file, line, path and what was expected', () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    [
      withFinding('"a":{"concept":{"value":"1 2","scheme":"SCT","meaning":"m"},"wording":"w"}'),
      /f\.json:3: findings\.a\.concept\.value: expected a code without spaces \(found "1 2"\)/,
    ],
    [withFinding('"a":{"concept":{"value":"1","scheme":"SCT"},"wording":"w"}'), /findings\.a\.concept\.meaning/],
    [
      withFinding('"a":{"concept":{"value":"1","scheme":"SCT","meaning":"m"},"wording":"It is."}'),
      /findings\.a\.wording: expected one line without a full stop/,
    ],
    [withFinding('"A b":{"concept":{"value":"1","scheme":"SCT","meaning":"m"},"wording":"w"}'), /f\.json:3: findings\.A b:/],
    [
      withFinding('"a":{"concept":{"value":"1","scheme":"SCT","meaning":"m"},"wording":"w","absentBelow":0.7,"presentFrom":0.6}'),
      /absentBelow: expected at most presentFrom/,
    ],
    [
      withFinding(
        '"a":{"concept":{"value":"1","scheme":"SCT","meaning":"m"},"wording":"w"},"b":{"concept":{"value":"1","scheme":"SCT","meaning":"m"},"wording":"w"}',
      ),
      /findings\.b\.concept: expected a code of its own, found that of a/,
    ],
    [
      withFinding('"a":{"concept":{"value":"1","scheme":"LN","meaning":"other"},"wording":"w"}'),
      /expected the meaning "m" as at procedures\.CR/,
    ],
    [withFinding('"a":{"concept":{"value":"1","scheme":"SCT","meaning":"m"},"wording":"w","color":"red"}'), /color/],
    ['{"procedures": {}, "findings": {}}', /procedures\.CR/],
    ['{', /f\.json:1/],
  ];
  for (const [text, expected] of mistakes) assert.throws(() => parseFindings(text, 'f.json'), expected, text);
  assert.throws(() => loadFindings('/nowhere/findings.json'), /ENOENT.*\/nowhere\/findings\.json/s);
});
