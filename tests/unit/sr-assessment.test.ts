import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { itemsOf, textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { conceptsOf, findingNameOf } from '../../src/findings-config.js';
import { checkDocument, checkAssessment } from '../../src/sr/check-document.js';
import { codeItem } from '../../src/sr/content-item.js';
import { everyItem } from '../../src/sr/content-tree.js';
import { isAboutStudy, isOwnDocument, isAssessment, isWrittenHere } from '../../src/sr/own-document.js';
import { readAssessment } from '../../src/sr/read-assessment.js';
import { assessmentReport } from '../../src/sr/assessment-report.js';
import { ownDocumentsIn } from '../../src/reporting/own-documents.js';
import { validateDocument } from '../support/validate-document.js';
import { examples, findingsConfig, fixtures, measurementOfExample, reported, textOfExample } from './sr-examples.js';
import { assessmentExamples, assessmentsReadElsewhere } from './sr-assessment-examples.js';

const codes = conceptsOf(findingsConfig);

for (const [name, content] of Object.entries(assessmentExamples)) {
  describe(`assessment ${name}`, () => {
    const document = assessmentReport(content);
    const bytes = writePart10(document);
    const stored = readPart10(bytes).dataSet;

    test('passes our own check, before and after storing', () => {
      assert.deepEqual(checkAssessment(document, { codes }), []);
      assert.deepEqual(checkAssessment(stored, { codes }), []);
    });

    test('dciodvfy and dsrdump have nothing to say', async () => {
      const { errors, warnings } = await validateDocument(bytes);
      assert.deepEqual({ errors, warnings: warnings.filter((one) => !/DICOMDIR/.test(one)) }, { errors: [], warnings: [] });
    });

    test('is the same, byte for byte, when written again', () =>
      assert.deepEqual(writePart10(assessmentReport(structuredClone(content))), bytes));

    test('says after storing what was meant', () => {
      const read = readAssessment(stored)!;
      assert.equal(read.kind, 'assessment');
      assert.equal(read.reader, content.reader.name);
      assert.equal(read.verified, content.reader.verifiesFor !== undefined);
      assert.equal(read.adjudicates, content.adjudicates);
      assert.equal(read.origin, content.origin);
      assert.equal(read.createdAt?.getTime(), content.createdAt.getTime(), 'to the millisecond');
      assert.deepEqual(read.predecessors, content.predecessors);
      assert.deepEqual(read.withdrawn, content.withdrawn);
      assert.deepEqual(
        read.findings.map(({ comment }) => comment),
        content.findings.map(({ comment }) => comment),
      );
      assert.deepEqual(
        read.findings.map(({ concept, decision, comparison, softwareDecision, images }) => ({
          concept,
          decision,
          comparison,
          softwareDecision,
          images,
        })),
        content.findings.map(({ concept, decision, comparison, software, images }) => ({
          concept,
          decision,
          comparison,
          softwareDecision: software?.decision,
          images,
        })),
      );
    });

    test('is an assessment and never a result of ours', () => {
      for (const one of [document, stored, seriesAttributes(document)]) {
        assert.ok(isAssessment(one));
        assert.ok(!isOwnDocument(one));
        assert.ok(isAboutStudy(one));
      }
      assert.deepEqual(ownDocumentsIn([stored]).all, []);
    });

    test('every item has a name, and what is nested hangs below codes, where OHIF does not look', () => {
      for (const { item, path } of everyItem(document)) {
        if (path === 'root') continue;
        assert.ok(item['ConceptNameCodeSequence'], path);
        if (path.split('.').length > 3) assert.ok(['IMAGE', 'CODE', 'TEXT'].includes(String(item['ValueType'])), path);
      }
      assert.notEqual(itemsOf(document, 'ConceptNameCodeSequence')[0]?.['CodeValue'], '126000');
      assert.ok(JSON.stringify(document).includes('not for diagnosis'));
    });
  });
}

test('results of ours are no assessment, and no assessment is read out of them', () => {
  for (const content of Object.values(examples)) {
    const document = readPart10(writePart10(textOfExample(content))).dataSet;
    assert.ok(isOwnDocument(document) && !isAssessment(document));
    assert.equal(readAssessment(document), undefined);
  }
  assert.equal(readAssessment(measurementOfExample(reported)), undefined);
});

const observer = {
  VerifyingObserverName: 'Meier^Anna',
  VerifyingObserverIdentificationCodeSequence: [],
  VerifyingOrganization: 'Elsewhere',
  VerificationDateTime: '20261124101112',
};
const verifiedElsewhere = {
  VerificationFlag: 'VERIFIED',
  VerifyingObserverSequence: [observer],
  SOPInstanceUID: '2.25.900',
  SeriesInstanceUID: '2.25.901',
};

test('a document that somebody derives from ours is theirs, however much of the header is copied', () => {
  const ours = textOfExample(reported);
  const contributions = itemsOf(ours, 'ContributingEquipmentSequence');
  const derived: readonly (readonly [string, DataSet])[] = [
    ['verified, header copied', { ...ours, ...verifiedElsewhere }],
    [
      'unverified, equipment of its own',
      { ...ours, SOPInstanceUID: '2.25.900', Manufacturer: 'Other Ltd', ManufacturerModelName: 'RIS', StationName: 'RIS-1' },
    ],
    [
      'header copied, contribution added',
      { ...ours, ContributingEquipmentSequence: [...contributions, { Manufacturer: 'Other Ltd', ContributionDescription: 'signed' }] },
    ],
    ['Station Name copied, equipment of its own', { ...ours, Manufacturer: 'Other Ltd', ManufacturerModelName: 'RIS' }],
  ];
  for (const [what, document] of derived) assert.equal(isOwnDocument(readPart10(writePart10(document)).dataSet), false, what);
  assert.ok(isOwnDocument(ours) && isOwnDocument(seriesAttributes(ours)));
});

test("our report, signed by a physician at another system, is that physician's word; the model's own is nobody's", () => {
  const signed = readAssessment(readPart10(writePart10({ ...textOfExample(reported), ...verifiedElsewhere })).dataSet)!;
  assert.equal(signed.kind, 'verified-report');
  assert.equal(signed.reader, 'Meier^Anna');
  assert.deepEqual(signed.findings.map(({ concept, decision }) => [concept.meaning, decision]).sort(), [
    ['Pleural effusion', 'undetermined'],
    ['Pneumonia', 'present'],
    ['Pneumothorax', 'absent'],
  ]);
  assert.equal(readAssessment({ ...textOfExample(reported), VerificationFlag: 'VERIFIED' }), undefined, 'flag without a name');
  assert.equal(
    readAssessment({ ...textOfExample(reported), Manufacturer: 'Other AI', VerificationFlag: 'UNVERIFIED' }),
    undefined,
    'another software, unverified',
  );
});

test('a verified report of another toolkit: groups and codes are understood, history and contradictions are left out', () => {
  const bytes = new Uint8Array(readFileSync(join(fixtures, 'highdicom-planar-and-image.dcm')));
  const signed = readAssessment({ ...readPart10(bytes).dataSet, ...verifiedElsewhere })!;
  const ofOurs = signed.findings.filter(({ concept }) => findingNameOf(findingsConfig, concept) !== undefined);
  assert.deepEqual(
    ofOurs.map(({ concept, decision }) => [concept.meaning, decision]),
    [
      ['Pneumonia', 'present'],
      ['Pleural effusion', 'absent'],
    ],
  );

  const concept = (value: string, scheme = 'SCT') => [codeItem({ value, scheme, meaning: 'whatever' })];
  const item = (name: DataSet[], value: DataSet[], more: DataSet = {}): DataSet => ({
    RelationshipType: 'CONTAINS',
    ValueType: 'CODE',
    ConceptNameCodeSequence: name,
    ConceptCodeSequence: value,
    ...more,
  });
  const document: DataSet = {
    ...verifiedElsewhere,
    Modality: 'SR',
    StudyInstanceUID: '2.25.1',
    ConceptNameCodeSequence: concept('18748-4', 'LN'),
    ContentSequence: [
      {
        ValueType: 'CONTAINER',
        ConceptNameCodeSequence: concept('11329-0', 'LN'),
        ContentSequence: [item(concept('121071', 'DCM'), concept('60046008'))],
      },
      {
        ValueType: 'CONTAINER',
        ConceptNameCodeSequence: concept('19005-8', 'LN'),
        ContentSequence: [item(concept('121073', 'DCM'), concept('233604007')), item(concept('36118008'), concept('272519000'))],
      },
      {
        ValueType: 'CONTAINER',
        ConceptNameCodeSequence: concept('59776-5', 'LN'),
        ContentSequence: [item(concept('4147007'), concept('52101004')), item(concept('4147007'), concept('272519000'))],
      },
    ],
  };
  assert.deepEqual(
    readAssessment(document)!.findings.map((one) => [one.concept.value, one.decision]),
    [
      ['233604007', 'present'],
      ['36118008', 'absent'],
    ],
  );
});

test('a document without one of its attributes is read as far as possible, or not at all, and never throws', () => {
  const whole = assessmentReport(assessmentExamples['every-comparison']!);
  const complete = readAssessment(whole)!.findings;
  for (const keyword of Object.keys(whole)) {
    const found = readAssessment({ ...whole, [keyword]: undefined })?.findings ?? [];
    if (keyword === 'Modality') assert.deepEqual(found, []);
    for (const finding of found)
      assert.ok(
        complete.some(({ concept }) => concept.value === finding.concept.value),
        `without ${keyword}: a finding that the document does not contain`,
      );
  }
  for (const strange of [
    {},
    { Modality: 'SR', VerificationFlag: 'VERIFIED', VerifyingObserverSequence: [[]] },
    { ...verifiedElsewhere, Modality: 'SR', ContentSequence: 'x' },
  ])
    assert.deepEqual(readAssessment(strange as DataSet)?.findings ?? [], []);
});

const verified = (): DataSet => assessmentReport(assessmentExamples['verified']!);
const broken: readonly (readonly [string, () => DataSet, RegExp])[] = [
  ['verified by nobody', () => ({ ...verified(), VerifyingObserverSequence: [] }), /VerifyingObserverSequence: expected an item/],
  [
    'a verifier of something unverified',
    () => ({ ...verified(), VerificationFlag: 'UNVERIFIED' }),
    /VerifyingObserverSequence: expected none/,
  ],
  [
    'verified without organisation',
    () => ({ ...verified(), VerifyingObserverSequence: [{ ...observer, VerifyingOrganization: '' }] }),
    /VerifyingOrganization: expected a value/,
  ],
  [
    'a time that is none',
    () => ({ ...verified(), VerifyingObserverSequence: [{ ...observer, VerificationDateTime: 'noon' }] }),
    /VerificationDateTime \(DT\)/,
  ],
];
for (const [what, document, expected] of broken)
  test(`refused: ${what}`, () =>
    assert.ok(
      checkAssessment(document(), { codes }).some((one) => expected.test(one)),
      checkAssessment(document(), { codes }).join(),
    ));

test('a result of ours may never be verified', () => {
  assert.ok(
    checkDocument({ ...textOfExample(reported), ...verifiedElsewhere }, { codes }).some((one) =>
      /VerificationFlag: expected UNVERIFIED/.test(one),
    ),
  );
});

interface Elsewhere {
  readonly title: string;
  readonly observerType: string;
  readonly person: string;
  readonly login: string;
  readonly verification: string;
  readonly verifier: readonly string[];
  readonly findings: readonly (readonly [string, string, string])[];
  readonly comments: readonly string[];
  readonly withdrawn: readonly string[];
  readonly predecessors: readonly string[];
}
const readElsewhere = JSON.parse(readFileSync(join(fixtures, 'assessment-reading.json'), 'utf8')) as Readonly<Record<string, Elsewhere>>;
for (const name of assessmentsReadElsewhere) {
  test(`${name}: highdicom and pydicom get the same out of it`, () => {
    const file = `assessment-${name}.dcm`;
    assert.deepEqual(
      writePart10(assessmentReport(assessmentExamples[name]!)),
      new Uint8Array(readFileSync(join(fixtures, file))),
      'run tests/oracles/sr again',
    );
    const theirs = readElsewhere[file]!;
    const content = assessmentExamples[name]!;
    assert.equal(theirs.title, "Reader's assessment of AI findings");
    assert.equal(theirs.observerType, 'Person');
    assert.equal(theirs.login, content.reader.name);
    assert.equal(theirs.verification, content.reader.verifiesFor === undefined ? 'UNVERIFIED' : 'VERIFIED');
    assert.equal(theirs.verifier.length, content.reader.verifiesFor === undefined ? 0 : 1);
    assert.deepEqual(
      theirs.findings,
      content.findings.map(({ concept, decision, comparison }) => [concept.meaning, decision, comparison]),
    );
    assert.deepEqual(
      theirs.comments,
      content.findings.flatMap(({ comment }) => comment ?? []),
    );
    assert.deepEqual(
      theirs.withdrawn,
      content.withdrawn.map(({ meaning }) => meaning),
    );
    assert.deepEqual(
      theirs.predecessors,
      content.predecessors.map((one) => one.sopInstanceUID as string),
    );
  });
}

/** What the PACS indexes of a series. */
function seriesAttributes(document: DataSet): DataSet {
  return Object.fromEntries(
    ['Modality', 'SeriesInstanceUID', 'StationName', 'Manufacturer', 'SeriesDescription', 'SeriesNumber'].map((keyword) => [
      keyword,
      textOf(document, keyword),
    ]),
  );
}

test('an assessment that was given here is ours; one that another system sent, or derived from ours, is theirs', () => {
  for (const content of Object.values(assessmentExamples)) {
    const document = assessmentReport(content);
    assert.ok(isWrittenHere(readPart10(writePart10(document)).dataSet));
    const [equipment] = itemsOf(document, 'ContributingEquipmentSequence');
    for (const changed of [
      { StationName: 'OTHER' },
      { Manufacturer: 'Other' },
      { ManufacturerModelName: 'Other' },
      { ContributingEquipmentSequence: [] },
      { ContributingEquipmentSequence: [equipment!, { ...equipment!, Manufacturer: 'Other' }] },
      { ContributingEquipmentSequence: [{ ...equipment!, Manufacturer: 'Other' }] },
    ])
      assert.equal(isWrittenHere({ ...document, ...changed }), false, JSON.stringify(changed));
  }
  assert.ok(isWrittenHere(textOfExample(reported)));
  assert.equal(isWrittenHere({ ...textOfExample(reported), VerificationFlag: 'VERIFIED' }), false);
});
