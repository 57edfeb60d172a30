import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { readReport } from '../../src/sr/read-report.js';
import { isOwnDocument } from '../../src/sr/own-document.js';
import { probabilityPercent } from '../../src/sr/wording.js';
import { airMeasurementOfExample, examples, fixtures, measurementOfExample, readByHighdicom } from './sr-examples.js';

/** Golden files by highdicom: see tests/oracles/sr/highdicom_oracle.py. */

interface Concept {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

interface HighdicomReading {
  readonly sopClassUID: string;
  readonly observer: {
    readonly uid: string;
    readonly name: string;
    readonly manufacturer: string;
    readonly model: string;
    readonly serial: string;
  };
  readonly procedures: readonly Concept[];
  readonly planar: readonly {
    readonly trackingUID: string;
    readonly finding: Concept;
    readonly sites: readonly Concept[];
    readonly sides: readonly string[];
    readonly value: number;
    readonly unit: Concept;
    readonly evaluations: readonly (readonly [Concept, Concept])[];
    readonly box: { readonly image: string; readonly closed: boolean; readonly points: readonly (readonly [number, number])[] };
  }[];
  readonly groups: readonly {
    readonly trackingUID: string;
    readonly finding: Concept;
    readonly sites: readonly Concept[];
    readonly value: number;
    readonly evaluations: readonly (readonly [Concept, Concept])[];
    readonly box: {
      readonly image: string;
      readonly frame: number | null;
      readonly closed: boolean;
      readonly points: readonly (readonly [number, number])[];
    };
  }[];
}

interface HighdicomFinding {
  readonly concept: Concept;
  readonly probability: number;
  readonly decision: string;
  readonly box: readonly number[] | null;
  readonly image: string;
  readonly trackingUID: string;
  readonly site: Concept | null;
}

const json = <T>(name: string): T => JSON.parse(readFileSync(join(fixtures, name), 'utf8')) as T;
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(join(fixtures, name)));
const readings = json<Readonly<Record<string, HighdicomReading>>>('highdicom-reading.json');

for (const name of readByHighdicom) {
  const file = `ours-${name}-measurement.dcm`;
  const content = examples[name]!;

  test(`${name}: what we write today is what highdicom has read`, () => {
    assert.deepEqual(writePart10(measurementOfExample(content)), bytesOf(file), 'run tests/oracles/sr again');
  });

  test(`${name}: highdicom gets the same findings out`, () => {
    const reading = readings[file]!;
    const ours = readReport(readPart10(bytesOf(file)).dataSet);
    const placed = ours.findings.filter((one) => one.region);
    const { deviceUID: uid, name: model, manufacturer, serialNumber: serial } = ours.algorithm;
    assert.equal(reading.sopClassUID, '1.2.840.10008.5.1.4.1.1.88.34');
    assert.deepEqual(reading.observer, { uid, name: model, manufacturer, model, serial });
    assert.deepEqual(reading.procedures, content.procedures);
    assert.equal(placed.length, content.findings.filter((one) => one.region).length);
    assert.deepEqual(
      reading.groups.map(({ trackingUID, finding, sites, value, box }) => {
        const [columns, rows] = [box.points.map(([column]) => column), box.points.map(([, row]) => row)];
        return [
          trackingUID,
          finding,
          sites[0],
          value,
          box.image,
          box.frame,
          Math.min(...columns),
          Math.min(...rows),
          Math.max(...columns),
          Math.max(...rows),
        ];
      }),
      placed.map(({ trackingUID, concept, site, probability, region }) => {
        const { image, left, top, right, bottom } = region!;
        return [
          trackingUID,
          concept,
          site,
          Number((probability * 100).toFixed(6)),
          image.sopInstanceUID,
          image.frameNumber ?? null,
          left,
          top,
          right,
          bottom,
        ];
      }),
    );
    assert.ok(reading.groups.every((group) => group.box.closed));
    const decisions = reading.groups.map((group) =>
      group.evaluations.find(([one]) => one.value === group.finding.value)?.[1].meaning.toLowerCase(),
    );
    assert.deepEqual(
      decisions,
      placed.map((one) => one.decision),
    );
  });
}

for (const name of readByHighdicom) {
  const file = `ours-${name}-air.dcm`;
  const content = examples[name]!;

  test(`${name}, as IHE AIR wants it: highdicom finds every region and every finding`, () => {
    assert.deepEqual(writePart10(airMeasurementOfExample(content)), bytesOf(file), 'run tests/oracles/sr again');
    const { planar, groups, procedures } = readings[file]!;
    // Where the size of the image is known, a finding without a region refers to the whole image.
    const whole = content.images?.[0];
    const [placed, others] = [
      content.findings.filter((one) => one.region ?? whole),
      content.findings.filter((one) => !(one.region ?? whole)),
    ];
    assert.deepEqual(procedures, content.procedures);
    assert.deepEqual(
      planar.map((one) => [one.trackingUID, one.finding, one.sites[0], one.sides, one.value, one.unit.value]),
      placed.map((one) => [
        one.trackingUID,
        one.concept,
        one.site,
        one.side ? [one.side === 'left' ? 'Left' : 'Right'] : [],
        Number(probabilityPercent(one)),
        '%',
      ]),
    );
    assert.deepEqual(
      groups.map((one) => [one.trackingUID, one.finding, one.value]),
      others.map((one) => [one.trackingUID, one.concept, Number(probabilityPercent(one))]),
    );
    for (const [index, { box, finding, evaluations }] of planar.entries()) {
      const { image, left, top, right, bottom } = placed[index]!.region ?? {
        image: placed[index]!.images[0]!,
        left: 0,
        top: 0,
        right: Number(whole!['Columns']),
        bottom: Number(whole!['Rows']),
      };
      assert.ok(box.closed);
      assert.equal(box.image, image.sopInstanceUID);
      assert.deepEqual(
        box.points.map((point) => point.map(Math.fround)),
        [
          [left, top],
          [right, top],
          [right, bottom],
          [left, bottom],
          [left, top],
        ].map((point) => point.map(Math.fround)),
      );
      assert.equal(evaluations.find(([one]) => one.value === finding.value)?.[1].meaning.toLowerCase(), placed[index]!.decision);
    }
    const read = readReport(readPart10(bytesOf(file)).dataSet);
    assert.deepEqual(
      read.findings.map(({ concept, trackingUID, side, region }) => [concept, trackingUID, side, region !== undefined]),
      content.findings.map(({ concept, trackingUID, side, region }) => [concept, trackingUID, side, region !== undefined]),
      'the whole image is no region of a finding',
    );
  });
}

for (const [file, written] of Object.entries(json<Readonly<Record<string, readonly HighdicomFinding[]>>>('highdicom-written.json'))) {
  if (file.startsWith('_')) continue;
  test(`${file}: we understand what highdicom wrote`, () => {
    const document = readPart10(bytesOf(file)).dataSet;
    const report = readReport(document);
    assert.equal(isOwnDocument(document), false);
    assert.deepEqual(
      report.findings.map(({ concept, probability, decision, region, images, trackingUID, site }) => ({
        concept,
        probability,
        decision,
        box: region ? [region.left, region.top, region.right, region.bottom] : null,
        image: images[0]?.sopInstanceUID,
        trackingUID,
        site: site ?? null,
      })),
      written,
    );
    assert.equal(report.algorithm.name, 'other-model');
    assert.equal(report.algorithm.deviceUID, '2.25.700');
  });
}

test('nothing makes the reader throw', () => {
  const strange = [
    {},
    { ContentSequence: 'x' },
    {
      ContentSequence: [{ ValueType: 'NUM' }, { ContentSequence: [[]] }],
      ConceptNameCodeSequence: [{ CodeValue: '126000', CodingSchemeDesignator: 'DCM' }],
    },
  ];
  for (const document of strange) assert.deepEqual(readReport(document).findings, []);
  const whole = measurementOfExample(examples['reported']!);
  for (const keyword of Object.keys(whole)) assert.ok(readReport({ ...whole, [keyword]: undefined }));
});
