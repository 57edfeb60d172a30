import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { textOf } from '../../src/dicom/data-set.js';
import { valueOf } from '../../src/dicom/value.js';
import { Fault } from '../../src/errors.js';
import { explainNone, matchesPattern, route } from '../../src/routing/match.js';
import { routingSchema } from '../../src/routing/rules.js';
import { seriesFactsOf } from '../../src/routing/series-facts.js';
import { parseConfig } from '../../src/config-file.js';
import { tagsOf } from '../../src/monitoring/study-statistics.js';
import { limitHere } from '../support/machine-speed.js';

const rules = (when: string) => parseConfig(`rules: [{ name: all, when: ${when}, action: analyse }]`, 'routing.yaml', routingSchema);
const instance = (attributes: DataSet): DataSet => ({
  StudyInstanceUID: '1.2',
  SeriesInstanceUID: '1.2.1',
  SOPInstanceUID: '1.2.1.1',
  ...attributes,
});
const reasonOf = (when: string, attributes: DataSet): string => {
  const decision = route(rules(when), seriesFactsOf([instance(attributes)]));
  assert.equal(decision.action, 'none');
  return explainNone(decision.passedOver);
};

describe('H7: patterns of the configuration take time in proportion to the value, whatever the value', () => {
  /** Each is cubic or exponential for an engine that goes back and tries again. */
  const patterns = [
    '*chest*pa*lat*',
    '*a*a*a*a*a*a*a*b',
    '/^.*chest.*pa.*lat.*$/',
    '/(a+)+$/',
    '/(a|a)*b/',
    '/(.*)*x/',
    '/^(([a-z])+.)+[A-Z]([a-z])+$/',
    '/(x+x+)+y/',
    '/a{0,50}a{0,50}a{0,50}b/',
  ];
  const values = ['chest pa '.repeat(3_500), 'a'.repeat(31_500), `${'a'.repeat(31_500)}!`, 'x'.repeat(100_000), 'chest'.repeat(100_000)];

  test('H7: hostile values against every kind of pattern', () => {
    const begun = performance.now();
    for (const pattern of patterns) for (const value of values) matchesPattern(pattern, [value]);
    const spentMs = performance.now() - begun;
    assert.ok(
      spentMs < limitHere(10_000),
      `${spentMs} ms for ${patterns.length * values.length} matches; one of them alone took minutes before`,
    );
  });

  test('H7: many long values in one attribute', () => {
    const begun = performance.now();
    const many = Array.from({ length: 200_000 }, (_, index) => `chest ${index} ${'pa '.repeat(20)}`);
    const facts = seriesFactsOf([instance({ Modality: 'CR', StudyDescription: many, SeriesDescription: 'a'.repeat(4_000_000) })]);
    route(rules('{ description: ["*chest*pa*lat*", "/(a+)+$x/"] }'), facts);
    assert.ok(performance.now() - begun < limitHere(10_000));
    assert.ok(facts[0]!.values.studyDescription!.length <= 100 && facts[0]!.values.seriesDescription![0]!.length <= 1_024);
  });

  test('H7: padding of megabytes is taken off in one pass', () => {
    const text = `${' '.repeat(3_000_000)}x`;
    const begun = performance.now();
    assert.equal(textOf({ StudyDescription: `${' '.repeat(1_000_000)}x ${'\0'.repeat(1_000_000)}` }, 'StudyDescription'), 'x');
    assert.equal(
      String(
        valueOf('LO', Buffer.from(text, 'latin1'), {
          littleEndian: true,
          signedPixels: false,
          decodeText: (bytes) => Buffer.from(bytes).toString('latin1'),
        }),
      ),
      'x',
    );
    assert.ok(performance.now() - begun < limitHere(10_000));
  });

  test('matches what the rules of old matched', () => {
    assert.ok(matchesPattern('*CHEST*PA*', ['x chest y pa z']));
    assert.ok(!matchesPattern('*CHEST*PA*', ['pa chest']));
    assert.ok(matchesPattern('a\\b.c+[d](e)*', ['A\\B.C+[D](E)f']));
    assert.ok(matchesPattern('a*c', ['a\nb\nc']), 'a wildcard passes a line end');
    assert.ok(matchesPattern('/chest|thora[xc]|pa.?lat/', ['THORAX']));
    assert.ok(matchesPattern('/\\bpa\\b/', ['chest PA 1']));
    assert.ok(matchesPattern('/^röntgen/', ['RÖNTGEN Thorax']));
    assert.ok(matchesPattern('/x/', ['x'.repeat(5_000)]));
  });

  test('an expression that RE2 does not have is refused when the rules are read, with its place', () => {
    for (const pattern of ['"/(a)\\\\1/"', '"/(?=a)b/"', '"/(?<!a)b/"', `"${'a'.repeat(501)}"`]) {
      assert.throws(
        () => rules(`{ description: ${pattern} }`),
        (thrown) => thrown instanceof Fault && thrown.code === 'config-invalid' && /routing\.yaml:1: .*RE2/.test(thrown.message),
        pattern,
      );
    }
  });
});

describe('M10: a reason repeats terms of the standard, and nothing else of a header', () => {
  test('M10: what somebody typed is another text', () => {
    const names = ['PHI^BODYPART', 'DOE JOHN', 'SMITH', '\u001b[2JDOE', `X${'9'.repeat(110_000)}`];
    for (const name of names) {
      for (const [attribute, keyword] of [
        ['bodyPart', 'BodyPartExamined'],
        ['stationName', 'StationName'],
        ['modality', 'Modality'],
        ['view', 'ViewPosition'],
        ['manufacturer', 'Manufacturer'],
        ['institutionName', 'InstitutionName'],
        ['sopClass', 'SOPClassUID'],
      ] as const) {
        assert.equal(reasonOf(`{ ${attribute}: EXPECTED }`, { [keyword]: name }), `all: ${attribute} is another text, expected EXPECTED`);
      }
    }
    assert.equal(reasonOf('{ bodyPart: CHEST }', { BodyPartExamined: 'HAND' }), 'all: bodyPart is HAND, expected CHEST');
    assert.equal(
      reasonOf('{ bodyPart: CHEST }', { BodyPartExamined: ['HAND', 'DOE JOHN'] }),
      'all: bodyPart is HAND, another text, expected CHEST',
    );
    assert.equal(
      reasonOf('{ modality: CT }', { Modality: ['CR', 'DX', 'MR', 'US', 'PT', 'NM', 'XA'] }),
      'all: modality is CR, DX, MR, US, PT and 2 more, expected CT',
    );
  });

  test('M10: tags of the statistics are ordinary names, or OTHER', () => {
    assert.deepEqual(
      tagsOf({ Manufacturer: 'DOE^JOHN', ViewPosition: `PA\u001b[2J`, ManufacturerModelName: 'X'.repeat(100_000), Modality: 'CR' }),
      { Modality: 'CR', Manufacturer: 'OTHER', ManufacturerModelName: 'OTHER', ViewPosition: 'OTHER' },
    );
    assert.deepEqual(tagsOf({ Manufacturer: 'Müller & Söhne (X-Ray), Inc.' }), { Manufacturer: 'MÜLLER & SÖHNE (X-RAY), INC.' });
  });

  test('M10: a fault is one bounded line', () => {
    const fault = new Fault('pacs-error', `a\r\nb${'x'.repeat(100_000)}`, { studyInstanceUID: '\u001b[2J1.2', source: 'y'.repeat(10_000) });
    assert.ok(fault.message.length < 3_000 && !/[\u0000-\u001f]/.test(fault.message));
  });
});
