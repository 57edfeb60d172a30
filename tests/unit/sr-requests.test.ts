import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { itemsOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { conceptsOf, parseFindings } from '../../src/findings-config.js';
import { checkDocument } from '../../src/sr/check-document.js';
import { proceduresOf } from '../../src/sr/requests.js';
import { examples, findingsConfig, reported, source, textOfExample } from './sr-examples.js';

const code = (CodeValue: string, CodingSchemeDesignator: string, CodeMeaning: string): DataSet => ({
  CodeValue,
  CodingSchemeDesignator,
  CodeMeaning,
});
const fallback = findingsConfig.procedures.DX;

describe('the imaging procedure', () => {
  test('is that of the images: performed before requested; none but complete codes', () => {
    const performed = {
      ProcedureCodeSequence: [code('36643-5', 'LN', 'XR Chest 2 Views'), code('36643-5', 'LN', 'again'), code('', 'LN', 'x')],
    };
    const requested = {
      RequestAttributesSequence: [
        { RequestedProcedureCodeSequence: [code('RX1', '99HOSPITAL', 'Thorax')] },
        { RequestedProcedureCodeSequence: [code('RX1', '99HOSPITAL', 'Thorax')] },
      ],
    };
    assert.deepEqual(proceduresOf({ ...performed, ...requested }, fallback), [
      { value: '36643-5', scheme: 'LN', meaning: 'XR Chest 2 Views' },
    ]);
    assert.deepEqual(proceduresOf(requested, fallback), [{ value: 'RX1', scheme: '99HOSPITAL', meaning: 'Thorax' }]);
    for (const image of [
      {},
      { ProcedureCodeSequence: [] },
      { ProcedureCodeSequence: 'x' },
      { ProcedureCodeSequence: [code('1 2', 'LN', 'x'), code('1', 'LN', ''), code('1', 'x'.repeat(17), 'x'), code('1', 'LN', 'a\\b')] },
    ]) {
      assert.deepEqual(proceduresOf(image, fallback), [fallback]);
      assert.deepEqual(proceduresOf(image), []);
    }
  });

  test('is one of the chest where the images name none', () => {
    for (const { meaning } of Object.values(findingsConfig.procedures)) assert.match(meaning, /Chest/);
    assert.equal(findingsConfig.procedures.CT.value, '24627-2');
    assert.throws(
      () => parseFindings('{"procedures": {"CR": {"value": "1", "scheme": "LN", "meaning": "m"}}, "findings": {}}', 'f.json'),
      /procedures\.DX/,
    );
  });
});

describe('requests and performed steps of the images are carried', () => {
  const stored = readPart10(writePart10(textOfExample(examples['images-and-request']!))).dataSet;

  test('Referenced Request, Performed Procedure Code, performed procedure step', () => {
    const [request, ...others] = itemsOf(stored, 'ReferencedRequestSequence');
    assert.equal(others.length, 0);
    assert.deepEqual(
      [
        request!['RequestedProcedureID'],
        request!['StudyInstanceUID'],
        request!['AccessionNumber'],
        request!['RequestedProcedureDescription'],
      ],
      ['RP-1', '2.25.1', 'A1', 'Thorax pa'],
    );
    assert.equal(itemsOf(request!, 'RequestedProcedureCodeSequence')[0]?.['CodeValue'], '36643-5');
    assert.equal(itemsOf(stored, 'PerformedProcedureCodeSequence')[0]?.['CodeValue'], 'RX-TH2');
    assert.equal(itemsOf(stored, 'ReferencedPerformedProcedureStepSequence')[0]?.['ReferencedSOPInstanceUID'], '2.25.888');
  });

  test('who is responsible for each private coding scheme', () => {
    const schemes = itemsOf(stored, 'CodingSchemeIdentificationSequence');
    assert.deepEqual(
      schemes.map((one) => [one['CodingSchemeDesignator'], one['CodingSchemeResponsibleOrganization']]),
      [
        ['99CHESTAI', 'orthanc-chest-ai'],
        ['99HOSPITAL', 'Example Hospital'],
      ],
    );
    assert.equal(textOfExample(reported)['CodingSchemeIdentificationSequence'], undefined, 'no private code, no sequence');
  });

  test('whatever an image states there, the document is legal', () => {
    const strange: readonly DataSet[] = [
      { RequestAttributesSequence: [{}] },
      {
        RequestAttributesSequence: [
          { RequestedProcedureID: 'x'.repeat(40), RequestedProcedureDescription: ['a', 'b'], StudyInstanceUID: 'none' },
          { RequestedProcedureDescription: 'x'.repeat(90) },
        ],
      },
      { RequestAttributesSequence: 'x', ReferencedPerformedProcedureStepSequence: [{ ReferencedSOPInstanceUID: '1.02' }, 'x'] },
      {
        RequestAttributesSequence: [
          {
            ReferencedStudySequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '' }],
            RequestedProcedureCodeSequence: [{}],
          },
        ],
      },
    ];
    for (const more of strange)
      assert.deepEqual(
        checkDocument(textOfExample({ ...reported, source: { ...source, ...more } }), { codes: conceptsOf(findingsConfig) }),
        [],
        JSON.stringify(more),
      );
  });
});
