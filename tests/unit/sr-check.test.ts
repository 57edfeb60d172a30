import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemsOf, type DataSet } from '../../src/dicom/data-set.js';
import { conceptsOf } from '../../src/findings-config.js';
import { checkDocument } from '../../src/sr/check-document.js';
import { everyItem } from '../../src/sr/content-tree.js';
import { examples, findingsConfig, measurementOfExample, reported, textOfExample } from './sr-examples.js';

type Mutable = { [keyword: string]: unknown };
const codes = conceptsOf(findingsConfig);
const text = (): Mutable => structuredClone(textOfExample(reported)) as Mutable;
const measurements = (): Mutable => structuredClone(measurementOfExample(reported)) as Mutable;
const first = (document: Mutable, accept: (item: DataSet) => boolean): Mutable =>
  [...everyItem(document)].find(({ item }) => accept(item))!.item as Mutable;
const ofType =
  (type: string) =>
  (item: DataSet): boolean =>
    item['ValueType'] === type;
const named =
  (value: string) =>
  (item: DataSet): boolean =>
    itemsOf(item, 'ConceptNameCodeSequence')[0]?.['CodeValue'] === value;

/** One thing broken at a time, and what the check must say of it. */
const broken: readonly (readonly [what: string, document: () => Mutable, expected: RegExp])[] = [
  ['no instance UID', () => without(text(), 'SOPInstanceUID'), /SOPInstanceUID: expected a value/],
  ['empty Type 1', () => ({ ...text(), Manufacturer: '' }), /^Manufacturer: expected a value/],
  ['absent Type 2', () => without(text(), 'AccessionNumber'), /AccessionNumber: expected the attribute/],
  ['a UID that is none', () => ({ ...text(), SeriesInstanceUID: '1.02.3' }), /SeriesInstanceUID \(UI\): not a UID/],
  ['a UID that is too long', () => ({ ...text(), SeriesInstanceUID: `1.${'2'.repeat(64)}` }), /not a UID/],
  ['LO over 64 characters', () => ({ ...text(), SeriesDescription: 'x'.repeat(65) }), /SeriesDescription \(LO\): not a legal value \(65/],
  ['SH over 16 characters', () => ({ ...text(), StationName: 'x'.repeat(17) }), /StationName \(SH\)/],
  ['CS in lower case', () => ({ ...text(), PatientSex: 'f' }), /PatientSex \(CS\)/],
  ['PN with four groups', () => ({ ...text(), PatientName: 'a=b=c=d' }), /PatientName \(PN\)/],
  ['PN with six components', () => ({ ...text(), PatientName: 'a^b^c^d^e^f' }), /PatientName \(PN\)/],
  ['a date that is none', () => ({ ...text(), StudyDate: '20261301' }), /StudyDate \(DA\): not a date/],
  ['another character set', () => ({ ...text(), SpecificCharacterSet: 'ISO_IR 100' }), /SpecificCharacterSet: expected ISO_IR 192/],
  ['verified', () => ({ ...text(), VerificationFlag: 'VERIFIED' }), /VerificationFlag: expected UNVERIFIED/],
  ['an unknown attribute', () => ({ ...text(), Nonsense: 'x' }), /Nonsense: not an attribute/],
  [
    'a child without a name',
    () => change(text(), ofType('NUM'), (item) => delete item['ConceptNameCodeSequence']),
    /NUM has no concept name/,
  ],
  [
    'a bare image in text',
    () => change(text(), ofType('IMAGE'), (item) => delete item['ConceptNameCodeSequence']),
    /IMAGE has no concept name/,
  ],
  ['a child without relationship', () => change(text(), ofType('NUM'), (item) => delete item['RelationshipType']), /no relationship/],
  ['an empty text', () => change(text(), ofType('TEXT'), (item) => (item['TextValue'] = '')), /TEXT is empty/],
  ['101 %', () => change(text(), ofType('NUM'), (item) => (measured(item)['NumericValue'] = '101')), /expected 0 to 100 %/],
  ['no number', () => change(text(), ofType('NUM'), (item) => (measured(item)['NumericValue'] = 'NaN')), /NUM has no number/],
  [
    'another unit',
    () =>
      change(
        text(),
        ofType('NUM'),
        (item) =>
          (measured(item)['MeasurementUnitsCodeSequence'] = [{ CodeValue: '1', CodingSchemeDesignator: 'UCUM', CodeMeaning: 'no units' }]),
      ),
    /expected %/,
  ],
  [
    'a code from nowhere',
    () =>
      change(
        text(),
        named('233604007'),
        (item) => (item['ConceptNameCodeSequence'] = [{ CodeValue: '1', CodingSchemeDesignator: 'X', CodeMeaning: 'y' }]),
      ),
    /neither of a template nor in config/,
  ],
  [
    'another meaning',
    () =>
      change(
        text(),
        named('233604007'),
        (item) => (item['ConceptNameCodeSequence'] = [{ CodeValue: '233604007', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Healthy' }]),
      ),
    /means "Pneumonia"/,
  ],
  [
    'a code without scheme',
    () => change(text(), named('233604007'), (item) => (item['ConceptNameCodeSequence'] = [{ CodeValue: '1', CodeMeaning: 'y' }])),
    /needs a value and a scheme/,
  ],
  [
    'evidence without an image',
    () => without(measurements(), 'CurrentRequestedProcedureEvidenceSequence'),
    /2\.25\.300 is not in the evidence/,
  ],
  ['no Contributing Equipment', () => without(text(), 'ContributingEquipmentSequence'), /Processing Equipment/],
  [
    'another algorithm name in the tree',
    () => change(text(), named('111001'), (item) => (item['TextValue'] = 'other')),
    /Algorithm Name \(111001\): expected "starter-xray"/,
  ],
  ['another version in the header', () => ({ ...text(), SoftwareVersions: '9' }), /SoftwareVersions: expected/],
  ['another device', () => change(text(), named('121012'), (item) => (item['UID'] = '2.25.5')), /Device Observer UID/],
  [
    'no algorithm version',
    () =>
      change(
        measurements(),
        named('125007'),
        (item) => (item['ContentSequence'] = itemsOf(item, 'ContentSequence').filter((child) => !named('111003')(child))),
      ),
    /Algorithm Version \(111003\): expected an item/,
  ],
  [
    'an open polyline',
    () => change(measurements(), ofType('SCOORD'), (item) => (item['GraphicData'] = [1, 1, 5, 1, 5, 5, 1, 5, 1, 2])),
    /closed POLYLINE/,
  ],
  [
    'four points',
    () => change(measurements(), ofType('SCOORD'), (item) => (item['GraphicData'] = [1, 1, 5, 1, 5, 5, 1, 1])),
    /five points/,
  ],
  [
    'a point left of the image',
    () => change(measurements(), ofType('SCOORD'), (item) => (item['GraphicData'] = [-1, 1, 5, 1, 5, 5, -1, 5, -1, 1])),
    /outside its image/,
  ],
  [
    'a box without area',
    () => change(measurements(), ofType('SCOORD'), (item) => (item['GraphicData'] = [1, 1, 1, 1, 1, 5, 1, 5, 1, 1])),
    /box is empty/,
  ],
  [
    'coordinates without an image',
    () => change(measurements(), ofType('SCOORD'), (item) => delete item['ContentSequence']),
    /one image that it is selected from/,
  ],
  ['a group without coordinates', () => change(measurements(), ofType('NUM'), (item) => delete item['ContentSequence']), /no coordinates/],
  ['no group', () => change(measurements(), named('126010'), (item) => (item['ContentSequence'] = [])), /at least one Measurement Group/],
  [
    'a group without tracking',
    () =>
      change(
        measurements(),
        named('125007'),
        (item) => (item['ContentSequence'] = itemsOf(item, 'ContentSequence').filter((child) => !named('112040')(child))),
      ),
    /Tracking Unique Identifier/,
  ],
];

for (const [what, document, expected] of broken) {
  test(`refused: ${what}`, () => {
    const mistakes = checkDocument(document(), { codes });
    assert.ok(
      mistakes.some((mistake) => expected.test(mistake)),
      `expected ${String(expected)}, found ${JSON.stringify(mistakes)}`,
    );
  });
}

test('a box is held against the size of its image where that is known', () => {
  const imageSizes = (columns: number, rows: number): ReadonlyMap<string, { columns: number; rows: number }> =>
    new Map([['2.25.300', { columns, rows }]]);
  assert.deepEqual(checkDocument(measurements(), { imageSizes: imageSizes(1024, 1250) }), []);
  assert.match(checkDocument(measurements(), { imageSizes: imageSizes(300, 1250) }).join(), /outside its image/);
});

test('no sentence repeats an attribute of the patient', () => {
  const mistakes = checkDocument({ ...text(), PatientName: 'Secret=Secret=Secret=Secret', PatientBirthDate: 'Secret' });
  assert.equal(mistakes.length, 2);
  assert.ok(mistakes.every((mistake) => !mistake.includes('Secret')));
});

test('anything at all can be checked', () => {
  assert.ok(checkDocument({}).length > 10);
  assert.ok(checkDocument(examples['reported']!.source).length > 10);
});

function without(document: Mutable, keyword: string): Mutable {
  delete document[keyword];
  return document;
}

function change(document: Mutable, which: (item: DataSet) => boolean, edit: (item: Mutable) => unknown): Mutable {
  edit(first(document, which));
  return document;
}

function measured(item: Mutable): Mutable {
  return itemsOf(item, 'MeasuredValueSequence')[0] as Mutable;
}
