import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { truthOf } from '../../src/evaluation/truth.js';
import { conceptsOf, findingNameOf, parseFindings, termsOf } from '../../src/findings-config.js';
import { checkDocument } from '../../src/sr/check-document.js';
import { measurementReport } from '../../src/sr/measurement-report.js';
import { readReport } from '../../src/sr/read-report.js';
import type { ReportedFinding } from '../../src/sr/report-content.js';
import { textReport } from '../../src/sr/text-report.js';
import { repository } from '../support/documents.js';
import { imageReference, reported } from './sr-examples.js';

/** What CONTRIBUTING.md tells somebody to add to config/findings.json. */
const ribFracture = {
  concept: { value: '33737001', scheme: 'SCT', meaning: 'Fracture of rib' },
  site: { value: '113197003', scheme: 'SCT', meaning: 'Bone structure of rib' },
  wording: 'appearance compatible with a rib fracture',
  includes: ['fracture'],
  undecided: ['bone-lesion'],
};

const shipped = JSON.parse(readFileSync(join(repository, 'config/findings.json'), 'utf8')) as { readonly findings: object };
const extended = parseFindings(
  JSON.stringify({ ...shipped, findings: { ...shipped.findings, 'rib-fracture': ribFracture } }),
  'config/findings.json',
);

test('a finding that is added to config/findings.json is reported in both documents and read back from them', () => {
  const { concept, site, wording } = termsOf(extended, 'rib-fracture');
  const added: ReportedFinding = {
    ...reported.findings[1]!,
    name: 'rib-fracture',
    concept,
    ...(site ? { site } : {}),
    wording,
    region: { image: imageReference(0), left: 10, top: 20, right: 30, bottom: 40 },
  };
  const content = { ...reported, findings: [added] };
  for (const document of [textReport(content), measurementReport(content)]) {
    const stored = readPart10(writePart10(document)).dataSet;
    assert.deepEqual(checkDocument(stored, { codes: [...conceptsOf(extended), ...content.procedures] }), []);
    const [found] = readReport(stored).findings;
    assert.equal(findingNameOf(extended, found!.concept), 'rib-fracture');
    assert.equal(found!.decision, 'present');
  }
});

test('labels of data sets and readers count for an added finding as its entry states', () => {
  const truth = (label: string) => truthOf({ labels: [label] }, ['rib-fracture'], extended.findings);
  assert.deepEqual([truth('fracture'), truth('rib-fracture'), truth('pneumonia'), truth('bone-lesion')], [[1], [1], [0], [null]]);
});

test('an added finding with a code that is already used is refused, and the message names the other finding', () => {
  const twin = { ...ribFracture, concept: { value: '233604007', scheme: 'SCT', meaning: 'Pneumonia' } };
  assert.throws(
    () => parseFindings(JSON.stringify({ ...shipped, findings: { ...shipped.findings, twin } }), 'config/findings.json'),
    /pneumonia/,
  );
});
