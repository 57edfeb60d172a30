import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import {
  chooseByPolicy,
  chooseFirstIn,
  classifierOf,
  readAll,
  studiesOf,
  upperHull,
  type Department,
  type SimulatedReading,
  type SimulatedStudy,
} from '../support/department.js';

const hourly = (value: number): readonly number[] => Array.from({ length: 24 }, () => value);
const roc: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.02, 0.4],
  [0.1, 0.5],
  [0.1, 0.8],
  [0.4, 0.9],
  [1, 1],
];
const classifier = classifierOf(roc, 0.3, { absentBelow: 0.1, presentFrom: 0.5 });
const department: Department = {
  days: 4,
  arrivals: [...hourly(6).slice(0, 8), ...hourly(22).slice(0, 10), ...hourly(9).slice(0, 6)],
  readers: [...hourly(1).slice(0, 8), ...hourly(2).slice(0, 9), ...hourly(1).slice(0, 7)],
  reading: { median: 5, sigma: 0.6 },
  findings: [
    { name: 'pneumothorax', prevalence: 0.05, classifier },
    { name: 'edema', prevalence: 0.2, classifier },
  ],
};
const { triage: weights } = configSchema.parse({});
const { triage: none } = configSchema.parse({ triage: { weights: {}, otherFindings: 0, rulePriority: 0 } });
const seeds = [1, 2, 3, 4, 5];

/** A second implementation, of the order of arrival alone: the reader who is free first takes the next study. */
function firstInFirstOut(studies: readonly SimulatedStudy[], readers: number): readonly number[] {
  const freeAt = Array.from({ length: readers }, () => 0);
  return studies.map(({ arrivesAt, readingMinutes }) => {
    const first = freeAt.indexOf(Math.min(...freeAt));
    const startsAt = Math.max(arrivesAt, freeAt[first]!);
    freeAt[first] = startsAt + readingMinutes;
    return startsAt;
  });
}

const startOf = (readings: readonly SimulatedReading[]): ReadonlyMap<string, number> =>
  new Map(readings.map(({ study, startsAt }) => [study.id, startsAt]));
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
const waitOf = (readings: readonly SimulatedReading[], isCounted: (study: SimulatedStudy) => boolean): number =>
  mean(readings.filter(({ study }) => isCounted(study)).map(({ study, startsAt }) => startsAt - study.arrivesAt));

test('with all weights 0 triage is first in, first out, with and without a limit', () => {
  for (const seed of seeds) {
    const studies = studiesOf({ ...department, readers: hourly(2) }, seed);
    const expected = firstInFirstOut(studies, 2);
    for (const maxWaitMinutes of [undefined, 1, 240]) {
      const started = startOf(readAll(studies, hourly(2), chooseByPolicy({ weights: none, maxWaitMinutes })));
      for (const [index, { id }] of studies.entries())
        assert.ok(Math.abs(started.get(id)! - expected[index]!) < 1e-6, `${id}, seed ${seed}`);
    }
  }
});

test('every study is read once, by a reader at work, after its arrival; no reader reads two, none is idle while a study waits', () => {
  for (const seed of seeds) {
    const studies = studiesOf(department, seed);
    const readings = readAll(studies, department.readers, chooseByPolicy({ weights, maxWaitMinutes: 60 }));
    assert.deepEqual(
      readings.map(({ study }) => study.id).sort(),
      studies.map(({ id }) => id),
    );
    for (const { study, reader, startsAt, endsAt } of readings) {
      assert.ok(startsAt >= study.arrivesAt && Math.abs(endsAt - startsAt - study.readingMinutes) < 1e-9);
      assert.ok(reader < department.readers[Math.floor(startsAt / 60) % 24]!);
    }
    for (const reader of [0, 1]) {
      const own = readings.filter((one) => one.reader === reader);
      for (const [index, one] of own.slice(1).entries()) assert.ok(one.startsAt >= own[index]!.endsAt - 1e-9);
    }
    // Reader 0 is always at work: whenever a study waits, this reader is reading.
    const busy = readings.filter(({ reader }) => reader === 0);
    for (const { study, startsAt } of readings.filter((one) => one.startsAt > one.study.arrivesAt + 1e-9)) {
      const middle = (study.arrivesAt + startsAt) / 2;
      assert.ok(
        busy.some((one) => one.startsAt <= middle && middle <= one.endsAt),
        `reader 0 was idle while ${study.id} waited`,
      );
    }
  }
});

test('with equal reading times the order changes who waits, not how long all wait together', () => {
  for (const seed of seeds) {
    const studies = studiesOf({ ...department, reading: { median: 5, sigma: 0 } }, seed);
    const total = (readings: readonly SimulatedReading[]): number => waitOf(readings, () => true) * studies.length;
    const first = total(readAll(studies, department.readers, chooseFirstIn));
    for (const maxWaitMinutes of [undefined, 30, 240])
      assert.ok(Math.abs(total(readAll(studies, department.readers, chooseByPolicy({ weights, maxWaitMinutes }))) - first) < 1e-5);
  }
});

test('once a study has exceeded the limit, none that arrived later is read before it', () => {
  let overdue = 0;
  for (const seed of seeds) {
    const studies = studiesOf(department, seed);
    const limit = 45;
    const readings = readAll(studies, department.readers, chooseByPolicy({ weights, maxWaitMinutes: limit }));
    for (const { study, startsAt } of readings.filter((one) => one.startsAt > one.study.arrivesAt + limit)) {
      overdue++;
      const later = readings.filter(
        (one) => one.study.arrivesAt > study.arrivesAt && one.startsAt >= study.arrivesAt + limit && one.startsAt < startsAt,
      );
      assert.deepEqual(
        later.map((one) => one.study.id),
        [],
        `before ${study.id}, seed ${seed}`,
      );
    }
  }
  assert.ok(overdue > 50, `${overdue} studies over the limit`);
});

test('findings wait less than in the order of arrival; the limit shortens the longest wait', () => {
  const waits = { first: [] as number[], triage: [] as number[] };
  const longest = { unlimited: 0, limited: 0 };
  for (const seed of seeds) {
    const studies = studiesOf(department, seed);
    const shows = ({ truth }: SimulatedStudy): boolean => truth.includes('pneumothorax');
    const [unlimited, limited] = [undefined, 60].map((maxWaitMinutes) =>
      readAll(studies, department.readers, chooseByPolicy({ weights, maxWaitMinutes })),
    );
    waits.first.push(waitOf(readAll(studies, department.readers, chooseFirstIn), shows));
    waits.triage.push(waitOf(unlimited!, shows));
    const longestOf = (readings: readonly SimulatedReading[]): number =>
      Math.max(...readings.map(({ study, startsAt }) => startsAt - study.arrivesAt));
    longest.unlimited = Math.max(longest.unlimited, longestOf(unlimited!));
    longest.limited = Math.max(longest.limited, longestOf(limited!));
  }
  assert.ok(mean(waits.triage) < 0.5 * mean(waits.first), `${mean(waits.triage)} and ${mean(waits.first)} min`);
  assert.ok(longest.limited < longest.unlimited, `${longest.limited} and ${longest.unlimited} min`);
});

test('the simulated classifier has the given ROC curve, and its probabilities are calibrated', () => {
  assert.deepEqual(upperHull(roc), [roc[0], roc[1], roc[3], roc[4], roc[5]]);
  const random = mulberry32(11);
  const drawn = Array.from({ length: 40_000 }, () => {
    const isPresent = random() < 0.3;
    return { isPresent, ...classifier.draw(isPresent, random) };
  });
  const share = (among: typeof drawn, isCounted: (one: (typeof drawn)[number]) => boolean): number =>
    among.filter(isCounted).length / among.length;
  const values = [...new Set(drawn.map(({ probability }) => probability))].sort((a, b) => b - a);
  assert.equal(values.length, 4);
  for (const [index, value] of values.entries()) {
    const at = (isPresent: boolean): number =>
      share(
        drawn.filter((one) => one.isPresent === isPresent),
        (one) => one.probability >= value,
      );
    const [x, y] = upperHull(roc)[index + 1]!;
    assert.ok(Math.abs(at(false) - x) < 0.015 && Math.abs(at(true) - y) < 0.015, `${at(false)} ${at(true)}`);
    const same = drawn.filter(({ probability }) => probability === value);
    assert.ok(Math.abs(share(same, ({ isPresent }) => isPresent) - value) < 0.03, `calibrated at ${value}`);
  }
});

test('a seed gives the same studies, another seed others', () => {
  assert.deepEqual(studiesOf(department, 3), studiesOf(department, 3));
  assert.notDeepEqual(studiesOf(department, 3), studiesOf(department, 4));
});
