import assert from 'node:assert/strict';
import { test } from 'node:test';
import { siteOf } from '../../src/monitoring/site-of.js';
import { alarmsIn } from '../../src/monitoring/check-drift.js';
import { tagsOf } from '../../src/monitoring/study-statistics.js';
import { look, referenceOf, studiesOf } from '../support/seen-studies.js';

const now = new Date('2026-02-01T06:30:00Z');
const lately = (index: number): number => (index % 7) + 0.5;
const moved = (report: Awaited<ReturnType<typeof look>>, site: string): readonly string[] =>
  alarmsIn(report)
    .filter((one) => one.site === site)
    .map(({ quantity }) => quantity);

test('a site with darker pictures, or with other machines, raises an alarm; an unchanged site does not', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const reference = referenceOf([
      ...studiesOf({ site: 'north' }, 150, seed, () => 100, now),
      ...studiesOf({ site: 'south' }, 150, seed + 100, () => 100, now),
    ]);
    const report = await look(
      [
        ...studiesOf({ site: 'north' }, 60, seed + 200, lately, now),
        ...studiesOf({ site: 'south', darker: true }, 60, seed + 300, lately, now),
        ...studiesOf({ site: 'east', manufacturers: ['GAMMA'] }, 60, seed + 400, lately, now),
      ],
      now,
      reference,
    );
    assert.deepEqual(moved(report, 'north'), [], `seed ${seed}`);
    const south = moved(report, 'south');
    assert.ok(
      south.some((quantity) => quantity.startsWith('input:')),
      `seed ${seed}: ${south.join(' ')}`,
    );
    assert.ok(!south.includes('tag:Manufacturer'));
    assert.deepEqual(moved(report, 'east'), ['tag:Manufacturer'], `seed ${seed}`);
    const of = (site: string): ReadonlySet<string> =>
      new Set(report.groups.find((one) => one.site === site)!.quantities.map(({ against }) => against));
    assert.deepEqual([[...of('north')], [...of('east')]], [['training-of-site'], ['training']]);
  }
});

test('without a training reference a site is compared with its own first studies, once there are enough', async () => {
  const before = studiesOf({ site: 'north' }, 60, 1, (index) => 30 + index, now);
  const report = await look(
    [
      ...before,
      ...studiesOf({ site: 'north', darker: true }, 60, 2, lately, now),
      ...studiesOf({ site: 'new' }, 60, 3, lately, now),
      ...studiesOf({ site: 'small' }, 20, 4, lately, now),
    ],
    now,
  );
  assert.deepEqual(report.withoutReference, ['xray']);
  assert.ok(moved(report, 'north').some((quantity) => quantity.startsWith('input:')));
  const quantities = Object.fromEntries(report.groups.map(({ site, quantities: own }) => [site, own]));
  assert.ok(quantities['north']!.every(({ against }) => against === 'first-studies'));
  assert.deepEqual([quantities['new'], quantities['small']], [[], []]);
});

test('a fall of the agreement with readers raises an alarm; few labels or a steady agreement do not', async () => {
  const rows = [
    ...studiesOf({ site: 'north' }, 200, 1, (index) => 10 + (index % 60), now),
    ...studiesOf({ site: 'north' }, 80, 2, lately, now),
  ];
  const labelsWhere = (disagreeing: (index: number) => boolean) => async (studies: readonly string[]) =>
    studies.map((studyInstanceUID, index) => {
      const row = rows.find((one) => one.studyInstanceUID === studyInstanceUID)!;
      const model = row.decisions['pneumonia'] as 'present' | 'absent';
      const other = model === 'present' ? ('absent' as const) : ('present' as const);
      return {
        studyInstanceUID,
        finding: 'pneumonia',
        decision: disagreeing(index) && row.predictedAt > new Date(now.getTime() - 7 * 86_400_000) ? other : model,
      };
    });
  const steady = await look(rows, now, undefined, { agreedLabelsOf: labelsWhere((index) => index % 50 === 0) });
  assert.deepEqual([steady.groups[0]!.agreement[0]!.alarm, steady.groups[0]!.agreement[0]!.lately.n], [false, 80]);
  const fallen = await look(rows, now, undefined, { agreedLabelsOf: labelsWhere((index) => index % 3 === 0) });
  assert.deepEqual(
    moved(fallen, 'north').filter((one) => one.startsWith('agreement')),
    ['agreement:pneumonia'],
  );
  const few = await look(rows, now, undefined, {
    agreedLabelsOf: async (studies) => (await labelsWhere(() => true)(studies)).slice(0, 30),
  });
  assert.equal(few.groups[0]!.agreement[0]!.alarm, false);
});

test('D39: tags state how an image was acquired and contain no patient attribute', () => {
  const instance = {
    Modality: 'DX',
    Manufacturer: 'Acme ',
    ManufacturerModelName: 'One',
    PhotometricInterpretation: 'MONOCHROME2',
    ViewPosition: 'PA',
    BitsStored: 12,
    Rows: 2500,
    Columns: 2000,
    PatientAge: '045Y',
    PatientName: 'DOE^JANE',
    PatientID: '4711',
    InstitutionName: 'St. Mary',
    StationName: 'RAD3',
  };
  assert.deepEqual(tagsOf(instance), {
    Modality: 'DX',
    Manufacturer: 'ACME',
    ManufacturerModelName: 'ONE',
    PhotometricInterpretation: 'MONOCHROME2',
    ViewPosition: 'PA',
    BitsStored: '12',
    Size: '3 to 6 MP',
    PatientAge: '40 to 59',
  });
  assert.deepEqual(tagsOf({ PatientBirthDate: '19460703', StudyDate: '20260702' }), { PatientAge: '60 to 79' });
  assert.deepEqual(tagsOf({ PatientAge: '006M' }), { PatientAge: '0 to 19' });
  const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  assert.match(siteOf(instance, {}, one), /^site-[0-9a-f]{8}$/);
  assert.notEqual(siteOf(instance, {}, one), siteOf(instance, {}, other));
  assert.equal(siteOf({ ...instance, InstitutionName: 'ST. MARY' }, {}, one), siteOf(instance, {}, one));
  assert.equal(siteOf(instance, { Radiology: ['nothing', 'rad*'] }, one), 'Radiology');
  assert.equal(siteOf({}, {}, one), 'unknown');
});
