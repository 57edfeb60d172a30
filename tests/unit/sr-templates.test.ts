import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { itemsOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { checkTemplate } from '../../src/sr/checks/templates.js';
import { codeItem } from '../../src/sr/content-item.js';
import { everyItem } from '../../src/sr/content-tree.js';
import { hasPlace } from '../../src/sr/measurement-report.js';
import { assessmentReport } from '../../src/sr/assessment-report.js';
import { airMeasurementOfExample, examples, fixtures, measurementOfExample, reported, textOfExample } from './sr-examples.js';
import { assessmentExamples } from './sr-assessment-examples.js';

type Mutable = { [keyword: string]: unknown };

/** What PixelMed's DicomSRValidator calls an error, held by a table of our own: the rows of PS3.16. */
describe('template rows', () => {
  test('every document of ours follows its template', () => {
    for (const [name, content] of Object.entries(examples)) {
      assert.deepEqual(checkTemplate(textOfExample(content)), [], name);
      if (hasPlace(content)) assert.deepEqual(checkTemplate(measurementOfExample(content)), [], name);
      if (content.outcome.kind === 'reported') assert.deepEqual(checkTemplate(airMeasurementOfExample(content)), [], name);
    }
    for (const [name, content] of Object.entries(assessmentExamples)) assert.deepEqual(checkTemplate(assessmentReport(content)), [], name);
  });

  const algorithm = (relationship: string): readonly DataSet[] =>
    [
      ['111001', 'Algorithm Name'],
      ['111003', 'Algorithm Version'],
      ['111002', 'Algorithm Parameters'],
      ['111002', 'Algorithm Parameters'],
      ['111002', 'Algorithm Parameters'],
    ]
      .map(
        ([value, meaning]): DataSet => ({
          RelationshipType: relationship,
          ValueType: 'TEXT',
          ConceptNameCodeSequence: [codeItem({ value: value!, scheme: 'DCM', meaning: meaning! })],
          TextValue: 'x',
        }),
      )
      .concat([
        {
          RelationshipType: relationship,
          ValueType: 'CODE',
          ConceptNameCodeSequence: [codeItem({ value: '111000', scheme: 'DCM', meaning: 'Algorithm Family' })],
          ConceptCodeSequence: [codeItem({ value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' })],
        },
      ]);

  for (const relationship of ['CONTAINS', 'HAS CONCEPT MOD']) {
    test(`TID 4019 in Qualitative Evaluations with ${relationship} is six errors, as in PixelMed's validator`, () => {
      const document = structuredClone(measurementOfExample(examples['certain']!)) as Mutable;
      const section = named(document, 'C0034375');
      section['ContentSequence'] = [
        ...algorithm(relationship),
        ...itemsOf(section, 'ContentSequence').filter((one) => one['ValueType'] === 'CODE'),
        ...itemsOf(section, 'ContentSequence').filter((one) => one['ValueType'] === 'TEXT'),
      ];
      const mistakes = checkTemplate(document);
      assert.equal(mistakes.filter((one) => /incorrect relationship/.test(one)).length, 6, mistakes.join('\n'));
    });
  }

  test('a document of release 0.2.0 without a region has the wrong relationship in every row of TID 4019', () => {
    const { dataSet } = readPart10(new Uint8Array(readFileSync(join(fixtures, 'release-0.2.0/nothing-present-measurement.dcm'))));
    const wrong = checkTemplate(dataSet).filter((one) =>
      /TID 4019 row \d: incorrect relationship, expected HAS CONCEPT MOD, found CONTAINS/.test(one),
    );
    assert.deepEqual(
      wrong.map((one) => /TID 4019 row \d/.exec(one)![0]),
      ['TID 4019 row 1', 'TID 4019 row 2', 'TID 4019 row 3', 'TID 4019 row 3', 'TID 4019 row 4'],
    );
  });

  const air = (): Mutable => structuredClone(airMeasurementOfExample(examples['images-and-request']!)) as Mutable;
  const text = (): Mutable => structuredClone(textOfExample(reported)) as Mutable;
  const broken: readonly (readonly [string, () => Mutable, RegExp])[] = [
    [
      'another title',
      () => ({ ...text(), ConceptNameCodeSequence: [codeItem({ value: '1', scheme: 'LN', meaning: 'x' })] }),
      /expected the title 18748-4 LN/,
    ],
    ['no template', () => without(text(), 'ContentTemplateSequence'), /expected one of the templates/],
    [
      'a private title that claims TID 2000',
      () => ({
        ...assessmentReport(assessmentExamples['confirmed']!),
        ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '2000' }],
      }),
      /expected the title 18748-4 LN/,
    ],
    ['no language', () => drop(text(), '121049'), /expected TID 1204 row 1/],
    ['no observer', () => drop(air(), '121012'), /expected TID 1004 row 1/],
    ['a group without Tracking Identifier', () => drop(air(), '112039'), /expected TID 1410 row 2/],
    ['a planar group without a region', () => drop(air(), '111030'), /expected TID 1410 row 5/],
    ['an image without modality', () => drop(air(), '121139'), /expected TID 1602 row 1/],
    [
      'a modality outside CID 29',
      () => set(air(), '121139', { ConceptCodeSequence: [codeItem({ value: 'XX', scheme: 'DCM', meaning: 'x' })] }),
      /TID 1602 row 1: expected CR DCM/,
    ],
    [
      'a laterality outside CID 244',
      () => set(air(), '272741003', { ConceptCodeSequence: [codeItem({ value: 'L', scheme: 'DCM', meaning: 'Left' })] }),
      /TID 1419 row 3: expected 7771000/,
    ],
    [
      'pixels in %',
      () =>
        set(air(), '110910', {
          MeasuredValueSequence: [
            { NumericValue: '3', MeasurementUnitsCodeSequence: [codeItem({ value: '%', scheme: 'UCUM', meaning: 'Percent' })] },
          ],
        }),
      /TID 1602 row 11: expected the unit \{pixels\}/,
    ],
    [
      'a finding site that is contained',
      () => set(air(), '363698007', { RelationshipType: 'CONTAINS' }),
      /TID 1419 row 2: incorrect relationship, expected HAS CONCEPT MOD/,
    ],
    [
      'an item of no row',
      () => set(air(), '121058', { ConceptNameCodeSequence: [codeItem({ value: '121060', scheme: 'DCM', meaning: 'History' })] }),
      /is in no row of the template/,
    ],
    ['rows in another order', () => ({ ...text(), ContentSequence: [...itemsOf(text(), 'ContentSequence')].reverse() }), /stands after/],
    [
      'two languages',
      () => ({
        ...text(),
        ContentSequence: itemsOf(text(), 'ContentSequence').flatMap((one) => (isNamed(one, '121049') ? [one, one] : [one])),
      }),
      /TID 1204 row 1 at most 1 times, found 2/,
    ],
  ];
  for (const [what, document, expected] of broken) {
    test(`refused: ${what}`, () => {
      const mistakes = checkTemplate(document());
      assert.ok(
        mistakes.some((one) => expected.test(one)),
        `expected ${String(expected)}, found ${JSON.stringify(mistakes)}`,
      );
    });
  }

  test('anything at all can be checked', () => {
    for (const strange of [
      {},
      { ContentTemplateSequence: 'x' },
      {
        ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '1500' }],
        ContentSequence: [[], { ContentSequence: [{}] }],
      },
    ])
      assert.ok(checkTemplate(strange as DataSet).length > 0);
  });
});

function isNamed(item: DataSet, code: string): boolean {
  return itemsOf(item, 'ConceptNameCodeSequence')[0]?.['CodeValue'] === code;
}

function named(document: DataSet, code: string): Mutable {
  return [...everyItem(document)].find(({ item }) => isNamed(item, code))!.item as Mutable;
}

function without(document: Mutable, keyword: string): Mutable {
  delete document[keyword];
  return document;
}

function set(document: Mutable, code: string, values: DataSet): Mutable {
  Object.assign(named(document, code), values);
  return document;
}

function drop(document: Mutable, code: string): Mutable {
  const found = [...everyItem(document)].find(({ item }) => isNamed(item, code))!;
  const parent = 'parent' in found ? (found.parent as Mutable) : document;
  parent['ContentSequence'] = itemsOf(parent, 'ContentSequence').filter((one) => one !== found.item);
  return document;
}
