import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { DueTimes } from '../../src/jobs/due-times.js';
import { catchUpMs, every, type ScheduleRecord } from '../../src/jobs/schedule.js';
import { silentLog } from '../../src/log.js';
import { isFault } from '../support/fault.js';

const minute = 60_000;

/** Every reading that became due between two moments, with the moment, by a look each minute. */
function dueBetween(expression: string, timeZone: string, from: string, to: string): readonly string[] {
  const times = new DueTimes(expression, 'test', timeZone);
  const found: string[] = [];
  for (let now = Date.parse(from); now <= Date.parse(to); now += minute) {
    const due = times.last(new Date(now - minute), new Date(now));
    if (due) found.push(`${due} at ${new Date(now).toISOString().slice(0, 16)}Z`);
  }
  return found;
}

describe('L5: a schedule by the clock on the wall, through changes of that clock', () => {
  const cases = [
    {
      what: 'Europe, 02:00 is left out in spring',
      expression: '0 2 * * *',
      zone: 'Europe/Berlin',
      from: '2027-03-26T12:00Z',
      to: '2027-03-29T12:00Z',
      due: [
        '2027-03-27T02:00:00 at 2027-03-27T01:00Z',
        '2027-03-28T02:00:00 at 2027-03-28T01:00Z',
        '2027-03-29T02:00:00 at 2027-03-29T00:00Z',
      ],
    },
    {
      what: 'Europe, 02:30 is left out in spring',
      expression: '30 2 * * *',
      zone: 'Europe/Berlin',
      from: '2027-03-27T12:00Z',
      to: '2027-03-28T12:00Z',
      due: ['2027-03-28T02:30:00 at 2027-03-28T01:00Z'],
    },
    {
      what: 'Europe, 02:30 comes twice in autumn',
      expression: '30 2 * * *',
      zone: 'Europe/Berlin',
      from: '2027-10-30T12:00Z',
      to: '2027-11-01T12:00Z',
      due: ['2027-10-31T02:30:00 at 2027-10-31T00:30Z', '2027-11-01T02:30:00 at 2027-11-01T01:30Z'],
    },
    {
      what: 'USA, 02:00 is left out in spring',
      expression: '0 2 * * *',
      zone: 'America/New_York',
      from: '2027-03-13T12:00Z',
      to: '2027-03-15T12:00Z',
      due: ['2027-03-14T02:00:00 at 2027-03-14T07:00Z', '2027-03-15T02:00:00 at 2027-03-15T06:00Z'],
    },
    {
      what: 'USA, 01:30 comes twice in autumn',
      expression: '30 1 * * *',
      zone: 'America/New_York',
      from: '2027-11-06T12:00Z',
      to: '2027-11-08T12:00Z',
      due: ['2027-11-07T01:30:00 at 2027-11-07T05:30Z', '2027-11-08T01:30:00 at 2027-11-08T06:30Z'],
    },
    {
      what: 'half an hour, Lord Howe',
      expression: '15 2 * * *',
      zone: 'Australia/Lord_Howe',
      from: '2027-10-02T00:00Z',
      to: '2027-10-03T00:00Z',
      due: ['2027-10-03T02:15:00 at 2027-10-02T15:30Z'],
    },
    {
      what: 'midnight is left out, Beirut',
      expression: '0 0 * * *',
      zone: 'Asia/Beirut',
      from: '2027-03-27T12:00Z',
      to: '2027-03-28T12:00Z',
      due: ['2027-03-28T00:00:00 at 2027-03-27T22:00Z'],
    },
    {
      what: 'no change, UTC',
      expression: '0 2 * * *',
      zone: 'UTC',
      from: '2027-03-27T12:00Z',
      to: '2027-03-28T12:00Z',
      due: ['2027-03-28T02:00:00 at 2027-03-28T02:00Z'],
    },
  ];
  for (const { what, expression, zone, from, to, due } of cases)
    test(`L5: ${what}`, () => assert.deepEqual(dueBetween(expression, zone, from, to), due));

  test('L5: an hourly schedule has each clock time once when the clocks change', () => {
    const autumn = dueBetween('0 * * * *', 'Europe/Berlin', '2027-10-30T22:30Z', '2027-10-31T03:30Z').map((one) => one.slice(11, 16));
    assert.deepEqual(autumn, ['01:00', '02:00', '03:00', '04:00']);
  });

  test('an expression or a time zone that is none is refused', () => {
    assert.throws(() => new DueTimes('not a time', 'test', 'UTC'), isFault('config-invalid'));
    assert.throws(() => new DueTimes('0 2 * * *', 'test', 'Europe/Nowhere'), isFault('config-invalid', { detail: /time zone/ }));
  });
});

/** What the database does, for processes that share it. */
function sharedRecord(): ScheduleRecord {
  const last = new Map<string, string>();
  return {
    async begin(name, now) {
      if (!last.has(name)) last.set(name, now);
    },
    async take(name, due, latest) {
      const before = last.get(name);
      if (before === undefined || (before >= due && before <= latest)) return false;
      last.set(name, due);
      return true;
    },
    giveBack: async (name, _due, before) => void last.set(name, before),
  };
}

describe('L5: scheduled runs in spite of suspends, jumps of the clock and restarts', () => {
  /** Processes with one clock, which the test moves; `look` lets each have a turn. */
  function processes(count: number, record = sharedRecord()) {
    let now = Date.parse('2027-03-27T20:00:00Z');
    const runs: string[] = [];
    mock.timers.enable({ apis: ['setInterval'] });
    const start = () =>
      every('0 2 * * *', 'nightly run', async () => void runs.push(new Date(now).toISOString().slice(0, 16)), {
        log: silentLog,
        record,
        timeZone: 'Europe/Berlin',
        clock: { now: () => new Date(now) },
      });
    const flush = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    };
    const running = Array.from({ length: count }, start);
    return {
      runs,
      start: () => void running.push(start()),
      async at(time: string) {
        now = Date.parse(time);
        mock.timers.tick(15_000);
        await flush();
      },
      flush,
      async end() {
        await Promise.all(running.map((one) => one.stop()));
        mock.timers.reset();
      },
    };
  }
  const story = (title: string, count: number, tell: (all: ReturnType<typeof processes>) => Promise<void>): void =>
    void test(title, async () => {
      const all = processes(count);
      await all.flush();
      try {
        await tell(all);
      } finally {
        await all.end();
      }
    });

  story('L5: three processes run a nightly schedule once in all, also when the clocks change in spring', 3, async ({ at, runs }) => {
    for (const time of [
      '2027-03-28T00:59:50Z',
      '2027-03-28T01:00:05Z',
      '2027-03-28T01:00:20Z',
      '2027-03-28T03:00:00Z',
      '2027-03-29T00:00:10Z',
      '2027-03-29T00:10:00Z',
    ])
      await at(time);
    assert.deepEqual(runs, ['2027-03-28T01:00', '2027-03-29T00:00']);
  });

  story('L5: a machine that was suspended catches up on the missed run once, and not in the middle of the day', 2, async ({ at, runs }) => {
    await at('2027-03-28T02:40:00Z');
    await at('2027-03-28T02:41:00Z');
    await at('2027-03-29T08:00:00Z');
    assert.deepEqual(runs, ['2027-03-28T02:40']);
  });

  story('L5: a clock that jumps over the scheduled time and back again causes one run', 1, async ({ at, runs }) => {
    await at('2027-03-28T00:50:00Z');
    await at('2027-03-28T01:30:00Z');
    await at('2027-03-28T00:40:00Z');
    await at('2027-03-28T01:00:05Z');
    assert.deepEqual(runs, ['2027-03-28T01:30']);
  });

  story('L5: a clock that was a year ahead does not end the schedule', 1, async ({ at, runs }) => {
    await at('2028-06-01T00:05:00Z');
    await at('2027-03-28T01:00:05Z');
    await at('2027-03-29T00:00:05Z');
    assert.deepEqual(runs, ['2028-06-01T00:05', '2027-03-28T01:00', '2027-03-29T00:00']);
  });

  test('L5: work that fails is tried again at the next look, until the time for it is over', async () => {
    let now = Date.parse('2027-03-27T20:00:00Z');
    let runs = 0;
    mock.timers.enable({ apis: ['setInterval'] });
    const flush = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    };
    const schedule = every(
      '0 2 * * *',
      'nightly run',
      async () => {
        runs++;
        if (runs < 3) throw new Error('the database does not answer');
      },
      { log: silentLog, record: sharedRecord(), timeZone: 'Europe/Berlin', clock: { now: () => new Date(now) } },
    );
    await flush();
    for (const time of [
      '2027-03-28T01:00:00Z',
      '2027-03-28T01:01:00Z',
      '2027-03-28T01:02:00Z',
      '2027-03-28T01:03:00Z',
      '2027-03-28T01:04:00Z',
    ]) {
      now = Date.parse(time);
      mock.timers.tick(15_000);
      await flush();
    }
    await schedule.stop();
    mock.timers.reset();
    assert.equal(runs, 3);
  });

  test('L5: a process that starts late catches up on the run that its predecessor missed; a first start catches up on nothing', async () => {
    const record = sharedRecord();
    const first = processes(1, record);
    await first.flush();
    await first.end();
    const second = processes(0, record);
    await second.at('2027-03-28T01:45:00Z');
    second.start();
    await second.flush();
    await second.at('2027-03-28T01:46:00Z');
    assert.deepEqual(second.runs, ['2027-03-28T01:45']);
    await second.end();
    const fresh = processes(0);
    await fresh.at('2027-03-28T01:45:00Z');
    fresh.start();
    await fresh.flush();
    await fresh.at('2027-03-28T01:46:00Z');
    await fresh.end();
    assert.deepEqual([fresh.runs, catchUpMs], [[], 3 * 3_600_000]);
  });
});
