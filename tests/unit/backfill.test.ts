import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextAfter, stepMs } from '../../src/archive/backfill-pace.js';
import { progressOf } from '../../src/archive/backfill-progress.js';
import { backfillHours, checkBackfill } from '../../src/archive/backfill-request.js';
import { chooseModel, type ArchiveModels } from '../../src/archive/choose-model.js';
import { addDays, studyDateOf } from '../../src/archive/study-dates.js';
import { timeLeftText } from '../../src/commands/backfill.js';
import { durationWithin, hoursOfDayText, isWithinHours } from '../../src/jobs/hours-of-day.js';
import { textSeeded } from '../../src/lib/seeded-random.js';
import { isFault } from '../support/fault.js';

const hour = 3_600_000;

describe('the hours of a backfill', () => {
  test('hours are read, written, and refused with what was expected', () => {
    for (const [text, from, to, written] of [
      ['20-06', 20, 6, '20-06'],
      ['8-18', 8, 18, '08-18'],
      ['18-24', 18, 0, '18-24'],
      ['18-0', 18, 0, '18-24'],
      ['20:00-06:00', 20, 6, '20-06'],
      ['7:30-16:15', 7.5, 16.25, '07:30-16:15'],
    ] as const) {
      assert.deepEqual(backfillHours(text), { from: from * 60, to: to * 60 });
      assert.equal(hoursOfDayText(backfillHours(text)), written);
    }
    for (const text of ['', '20', '20-', '20-25', '24-6', '6-6', '0-24', '24:30-6', '20:60-6', '20:5-6', '-1-5', '20-06-07'])
      assert.throws(() => backfillHours(text), isFault('request-invalid', { detail: /expected hours as two different times of a day/ }));
  });

  test('each hour of a day is within the hours as the clock on the wall of the zone shows it', () => {
    const within = (zone: string, text: string): readonly number[] =>
      Array.from({ length: 24 }, (_, utc) => utc).filter((utc) =>
        isWithinHours(new Date(Date.UTC(2026, 6, 1, utc, 30)), backfillHours(text), zone),
      );
    assert.deepEqual(within('UTC', '20-06'), [0, 1, 2, 3, 4, 5, 20, 21, 22, 23]);
    assert.deepEqual(within('Europe/Berlin', '20-06'), [0, 1, 2, 3, 18, 19, 20, 21, 22, 23]);
    assert.deepEqual(within('Asia/Kolkata', '9-11'), [3, 4]);
    assert.equal(isWithinHours(new Date('2026-07-01T20:00:00Z'), backfillHours('20-06'), 'UTC'), true);
    assert.equal(isWithinHours(new Date('2026-07-01T05:59:59Z'), backfillHours('20-06'), 'UTC'), true);
    assert.equal(isWithinHours(new Date('2026-07-01T06:00:00Z'), backfillHours('20-06'), 'UTC'), false);
    assert.equal(isWithinHours(new Date(), undefined, 'UTC'), true);
  });

  test('across the change to daylight saving time the wall decides', () => {
    // 29 March 2026, Europe/Berlin: after 01:59 comes 03:00.
    const hours = backfillHours('2-4');
    assert.equal(isWithinHours(new Date('2026-03-29T00:59:00Z'), hours, 'Europe/Berlin'), false);
    assert.equal(isWithinHours(new Date('2026-03-29T01:00:00Z'), hours, 'Europe/Berlin'), true);
    assert.equal(isWithinHours(new Date('2026-03-29T02:00:00Z'), hours, 'Europe/Berlin'), false);
  });

  test('the time until work ends equals that of a walk minute by minute', () => {
    const random = textSeeded('backfill hours');
    for (let n = 0; n < 60; n++) {
      const from = Math.floor(random() * 1_440);
      const hours = { from, to: (from + 1 + Math.floor(random() * 1_438)) % 1_440 };
      const start = new Date(Date.UTC(2026, 0, 1, 0, Math.floor(random() * 1440)));
      const minutes = 1 + Math.floor(random() * 4_000);
      let worked = 0;
      let at = 0;
      for (; worked < minutes; at++) if (isWithinHours(new Date(start.getTime() + at * 60_000), hours, 'UTC')) worked++;
      assert.equal(
        durationWithin(minutes * 60_000, start, hours, 'UTC'),
        at * 60_000,
        `${hoursOfDayText(hours)} from ${start.toISOString()}, ${minutes} min`,
      );
    }
    assert.equal(durationWithin(5 * hour, new Date(), undefined, 'UTC'), 5 * hour);
    assert.equal(durationWithin(0, new Date(), backfillHours('20-06'), 'UTC'), 0);
  });
});

describe('the pace of a backfill', () => {
  /** Queues whenever it may, at steps of irregular length, for some hours. */
  const queuedTimes = (perHour: number, hours: number, pauses: readonly (readonly [number, number])[] = []): readonly number[] => {
    const random = textSeeded(`pace ${perHour}`);
    const times: number[] = [];
    let nextAt = new Date(0);
    for (let now = 0; now < hours * hour; now += stepMs + random() * 1_000) {
      if (pauses.some(([from, to]) => now >= from && now < to)) continue;
      for (let next = nextAfter(nextAt, new Date(now), perHour); next; next = nextAfter(nextAt, new Date(now), perHour)) {
        times.push(now);
        nextAt = next;
      }
    }
    return times;
  };

  for (const perHour of [1, 7, 60, 600, 1_000]) {
    test(`${perHour} an hour: no hour has more, and no time is lost`, () => {
      const times = queuedTimes(perHour, 5, [[1.5 * hour, 2.5 * hour]]);
      for (const from of times) {
        const inHour = times.filter((time) => time >= from && time < from + hour - stepMs).length;
        assert.ok(inHour <= perHour, `${inHour} in the hour from ${from / hour}`);
      }
      assert.ok(times.length >= Math.floor(perHour * 4 * 0.97), `${times.length} in 4 hours`);
    });
  }

  test('a pause is not made up for', () => {
    assert.ok(queuedTimes(60, 10, [[0, 9 * hour]]).length <= 61);
  });
});

describe('the progress of a backfill', () => {
  const row = {
    state: 'running' as const,
    cursor: null,
    hours: null,
    perHour: 60,
    activeMs: 2 * hour,
    found: 200,
    done: 80,
    unchanged: 10,
    skipped: 5,
    failed: 3,
    vanished: 2,
  };
  const now = new Date('2026-01-01T12:00:00Z');

  test('rate and time left follow from what was finished in its active time', () => {
    const { finished, ratePerHour, timeLeftMs, isSearched } = progressOf(row, now, 'UTC');
    assert.deepEqual(
      { finished, ratePerHour, timeLeftMs, isSearched },
      { finished: 100, ratePerHour: 50, timeLeftMs: 2 * hour, isSearched: true },
    );
    const limited = progressOf({ ...row, hours: '20-21' }, now, 'UTC');
    assert.equal(limited.timeLeftMs, (8 + 24 + 1) * hour);
    assert.equal(limited.isWithinHours, false);
  });

  test('in the first minute the limit is the estimate; while days are searched or it is paused there is none', () => {
    assert.equal(progressOf({ ...row, activeMs: 1_000, found: 160 }, now, 'UTC').timeLeftMs, hour);
    assert.equal(progressOf({ ...row, cursor: '20260101' }, now, 'UTC').timeLeftMs, undefined);
    assert.equal(progressOf({ ...row, state: 'paused' }, now, 'UTC').timeLeftMs, undefined);
  });

  test('durations for people', () => {
    assert.deepEqual([0, 59_000, 61_000, hour, 25 * hour].map(timeLeftText), ['0 min', '1 min', '2 min', '1 h 0 min', '1 d 1 h']);
  });
});

describe('the request of a backfill', () => {
  const rules = [
    { name: 'chest', action: 'analyse' as const },
    { name: 'film', action: 'ignore' as const },
  ] as never;
  const valid = { since: '2024-02-28', until: '2024-03-01' };

  test('what is valid becomes a row', () => {
    assert.deepEqual(checkBackfill({ ...valid, rule: 'chest', perHour: 5, hours: '8-9', shadow: true }, { rules }), {
      since: '20240228',
      until: '20240301',
      rule: 'chest',
      perHour: 5,
      hours: '08-09',
      shadow: true,
    });
    assert.deepEqual(checkBackfill(valid, { rules }), {
      since: '20240228',
      until: '20240301',
      rule: null,
      perHour: 60,
      hours: null,
      shadow: false,
    });
  });

  for (const [what, request, expected] of [
    ['a day that does not exist', { since: '2023-02-29' }, /expected since as a day, YYYY-MM-DD, found 2023-02-29/],
    ['another notation', { until: '20240301' }, /expected until as a day/],
    ['an end before the beginning', { until: '2024-02-27' }, /expected until as a day not before since/],
    ['no studies an hour', { perHour: 0 }, /expected a whole number of studies an hour from 1 to 100000, found 0/],
    ['too many studies an hour', { perHour: 100_001 }, /found 100001/],
    ['a part of a study', { perHour: 1.5 }, /found 1\.5/],
    ['an unknown rule', { rule: 'chets' }, /expected the name of a rule that analyses \(chest\), found chets/],
    ['a rule that ignores', { rule: 'film' }, /found film/],
    ['wrong hours', { hours: '6-6' }, /expected hours/],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(() => checkBackfill({ ...valid, ...request }, { rules }), isFault('request-invalid', { detail: expected }));
    });

  test('dates', () => {
    assert.equal(addDays('20240228', 2), '20240301');
    assert.equal(addDays('20231231', 1), '20240101');
    assert.equal(studyDateOf('2024-02-29'), '20240229');
    assert.equal(studyDateOf('2024-13-01'), undefined);
  });
});

describe('the model version of a backfill', () => {
  const models: ArchiveModels = {
    champions: async () => ['aaaa00000001', 'bbbb00000001'],
    challengers: async () => ['cccc00000001'],
    registered: async () => ['aaaa00000001', 'aaaa00000002', 'bbbb00000001', 'cccc00000001'],
  };

  test('a deployed version may write documents, in shadow any registered one may predict', async () => {
    for (const [model, shadow, chosen] of [
      [undefined, false, undefined],
      ['champion', false, 'aaaa00000001'],
      ['BBBB', false, 'bbbb00000001'],
      ['challenger', true, 'cccc00000001'],
      ['aaaa00000002', true, 'aaaa00000002'],
      ['champion', true, 'aaaa00000001'],
    ] as const)
      assert.equal(await chooseModel({ model, shadow }, models), chosen, `${model} ${shadow}`);
    for (const [model, shadow, detail] of [
      [
        'aaaa00000002',
        false,
        /expected model as the deployed version \(aaaa00000001 or bbbb00000001\).*found aaaa00000002; promote it first/,
      ],
      ['challenger', false, /only a deployed version writes documents, found cccc00000001/],
      ['aaaa', true, /expected model as champion, challenger or one of 4 registered versions.*found aaaa/],
      ['', true, /found $/],
      ['ffff', false, /one of 4 registered versions/],
    ] as const)
      await assert.rejects(chooseModel({ model, shadow }, models), isFault('request-invalid', { detail }), `${model} ${shadow}`);
  });

  test('without a model a shadow analysis needs a challenger, unless that is not known', async () => {
    const without = (challengers: readonly string[] | undefined): ArchiveModels => ({ ...models, challengers: async () => challengers });
    await assert.rejects(chooseModel({ shadow: true }, without([])), isFault('request-invalid', { detail: /predicts in shadow/ }));
    assert.equal(await chooseModel({ shadow: true }, without(undefined)), undefined);
    assert.equal(await chooseModel({ shadow: true }, models), undefined);
  });
});
